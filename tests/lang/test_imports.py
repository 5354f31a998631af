"""The language and the graph answer without the frameworks: what they load is measured."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("lark", "torch", "torchvision", "networkx", "graphviz", "matplotlib", "rich", "numpy")
IMPORTS = "import autorecon.lang, autorecon.graph; autorecon.from_graph"
USE = """
from autorecon.graph import load
from autorecon.lang import resource_folder
space = load(resource_folder("spaces") / "paper.space")
space.architectures, space.distinct_architectures, space.cost, space.order, space.live
"""


def _loaded(program: str) -> set[str]:
    shown = f"{program}\nimport sys\nprint(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", shown], capture_output=True, text=True, check=True, timeout=60
    )
    return {name.partition(".")[0] for name in run.stdout.split()}


@pytest.mark.parametrize("program", [IMPORTS, USE])
def test_nothing_heavy_is_loaded(program: str) -> None:
    assert not _loaded(program).intersection(HEAVY)
