"""What is started most often loads nothing heavy: one table of what is loaded by what."""

from __future__ import annotations

import subprocess
import sys

import pytest

FRAMES = frozenset({"torch", "torchvision"})
HEAVY = FRAMES | {"networkx", "graphviz", "matplotlib", "rich", "numpy"}
COMMAND = """
import contextlib, io
from autorecon.cli import cli
with contextlib.redirect_stdout(io.StringIO()):
    cli({}, standalone_mode=False)
"""


def command(*args: str) -> str:
    return COMMAND.format(list(args))


# What is run, and what of that must not be loaded by it.
TABLE = {
    "the language": ("import autorecon.lang", HEAVY | {"lark"}),
    "the graph": (
        "import autorecon, autorecon.graph; autorecon.from_graph\n"
        "space = autorecon.graph.load('paper')\n"
        "space.architectures, space.distinct_architectures, space.cost, space.order, space.live",
        HEAVY | {"lark"},
    ),
    "lowering": ("import autorecon.lowering", HEAVY),
    "the language server": ("from autorecon.lsp.server import make_server; make_server('')", HEAVY),
    "colours": ("import autorecon.pygments_lexer", HEAVY | {"lark"}),
    "runs": ("import autorecon.runs", HEAVY | {"safetensors", "tomli_w"}),
    "a report": ("import autorecon.report", HEAVY | {"jinja2"}),
    "what is watched": (
        "import autorecon.watch.server, autorecon.watch.run_page, autorecon.watch.space_file",
        HEAVY | {"jinja2"},
    ),
    "objectives": (
        "from autorecon.objective import Objective; Objective.parse('ce + 0.1*bns')",
        FRAMES,
    ),
    "methods": (
        "from autorecon.compress import METHODS, CompressConfig\n"
        "[CompressConfig(method=name) for name in METHODS]",
        FRAMES,
    ),
    "names of data and teachers": (
        "from autorecon import data, teachers; data.names(), teachers.names()",
        FRAMES,
    ),
    "--help": (command("--help"), HEAVY | {"lark"}),
    "python -m autorecon": (
        "import runpy, sys; sys.argv[1:] = ['methods', '--help']\n"
        "try: runpy.run_module('autorecon', run_name='__main__')\n"
        "except SystemExit: pass",
        HEAVY | {"lark"},
    ),
    "compile": (command("compile", "paper"), HEAVY),
    "check": (command("check", "spaces"), HEAVY),
    "show": (command("show", "paper"), HEAVY),
    "diff": (command("diff", "paper", "paper-cifar10"), HEAVY),
    "strategies": (command("strategies"), FRAMES),
}


@pytest.mark.parametrize("name", TABLE)
def test_nothing_heavy_is_loaded(name: str) -> None:
    program, heavy = TABLE[name]
    code = f"{program}\nimport sys\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert not heavy & {module.partition(".")[0] for module in run.stdout.split()}
