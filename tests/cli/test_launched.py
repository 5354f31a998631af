"""Commands that a launcher gives to several processes: what the first and the others do."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from torch import distributed

import autorecon
from autorecon.cli import cli
from autorecon.runs import RunFolder, read_lines
from autorecon.runs.launched import Launched
from autorecon.workflow.config import ConfigError, RunConfig, read_config
from autorecon.workflow.leading import check_shares

TEACHER = """
import torch
from torch import nn

def good():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
    )
"""
SPACE = """space small(classes = 3)
input z [4]: noise
input y: label(classes)
node a [2, 4, 4] then bn
output image [1, 8, 8] then bn(affine=false)
link z -> a = linear
link y -> a = embed
link a -> image = nearest >> conv(1) | bilinear >> conv(3) | nearest >> conv(5)
"""
SETTINGS = [
    *("small.space", "--teacher", "my_teachers:good", "--size", "8", "--data", ""),
    *("--with", "search.epochs=2", "--with", "search.warmup_epochs=1"),
    *("--with", "search.weight_steps=1", "--with", "search.architecture_steps=1"),
    *("--with", "compress.method=gdfq"),
    *("--with", "compress.warmup_steps=1", "--with", "compress.steps=2"),
    *("--with", "compress.epochs=2", "--with", "compress.calibration_batches=1"),
    *("--with", "search.batch=4", "--with", "compress.batch=4"),
    *("--with", "select.candidates=2", "--with", "select.images=4", "--with", "select.budget=1.0"),
]
FELL = """
import os
from autorecon.runs.launched import Launched
here = Launched.here()
here.connect()
here.hear(), here.hear()
os._exit(9)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_teachers.py").write_text(TEACHER)
    (tmp_path / "small.space").write_text(SPACE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "my_teachers", raising=False)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """This process is the first of two; gives the environment of the other."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    found = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    for name, value in (found | {"RANK": "0"}).items():
        monkeypatch.setenv(name, value)
    own = str(Path(autorecon.__file__).parents[1])
    yield os.environ | found | {"RANK": "1", "LOCAL_RANK": "1", "PYTHONPATH": own}
    if distributed.is_initialized():  # it stays after one of the two that died
        distributed.destroy_process_group()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments])


@contextmanager
def beside(environment: dict[str, str], *command: object) -> Iterator[subprocess.Popen[str]]:
    """Another process, which does not outlive the test."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    called = [sys.executable, *(str(part) for part in command)]
    with subprocess.Popen(called, env=environment, text=True, **pipes) as other:
        try:
            yield other
        finally:
            other.kill()


def losses(path: Path) -> list[dict[str, object]]:
    rows = read_lines(path / "metrics.jsonl")
    return [{k: v for k, v in row.items() if k not in ("seconds", "diversities")} for row in rows]


def flat(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in (key, *flat(value[key]))]
    return [leaf for v in value for leaf in flat(v)] if isinstance(value, list) else [value]


def test_a_run_of_two_processes_is_that_of_one(
    two: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autorecon.cli.jobs.report_of", lambda folder: None)  # it takes longer
    command = ["run", *SETTINGS, "--baseline", "", "-o", "shared"]
    with beside(two, "-m", "autorecon", *command) as other:
        result = run(*command)
        assert result.exit_code == 0, result.output
        assert other.communicate() == ("", None)
        assert other.returncode == 0
    assert "2 processes have a share of each batch" in result.stderr
    one = [{"RANK": None, "WORLD_SIZE": None}, [*command[:-1], "alone"]]
    assert CliRunner(env=one[0]).invoke(cli, one[1]).exit_code == 0
    both = [flat(losses(Path(name))) for name in ("alone", "shared")]
    for a, b in zip(*both, strict=True):
        assert b == (pytest.approx(a, rel=1e-3, abs=1e-3) if isinstance(a, float) else a)
    texts = [Path(name, "genotype.space").read_text() for name in ("alone", "shared")]
    assert texts[0] == texts[1]


def test_a_process_that_dies_ends_the_run_which_goes_on_by_one(two: dict[str, str]) -> None:
    command = ["search", *SETTINGS, "--with", "select.candidates=1", "-o", "s"]
    with beside(two, "-c", FELL):
        result = run(*command)
    assert result.exit_code == 1, result.output
    assert "another process of the run ended" in result.stderr
    assert "continue with --resume s" in result.stderr
    again = CliRunner(env={"WORLD_SIZE": "1"}).invoke(cli, command)
    assert again.exit_code == 0, again.output
    assert "going on with s, of the same settings" in again.stderr
    other = CliRunner(env={"WORLD_SIZE": "1"}).invoke(cli, [*command, "--with", "search.seed=1"])
    assert other.exit_code == 2
    assert "s holds a run of other settings" in other.stderr


def test_what_is_wrong_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Launched, "connect", lambda self: None)
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("MASTER_PORT", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    wrong = {
        ("study", "table2"): "study is for one process",
        ("search",): "add -o FOLDER",
        ("search", "-o", "s", "--jobs", "2"): "leave out --jobs",
        ("search", "-o", "s", "--with", "search.batch=5"): "search.batch = 5 cannot be shared",
    }
    for arguments, message in wrong.items():
        monkeypatch.setenv("RANK", "0")
        result = run(*arguments)
        assert (result.exit_code, message in result.stderr) == (2, True), result.output
        assert not Path("s").exists()
    monkeypatch.setenv("RANK", "1")
    assert run("study", "table2").output == ""
    monkeypatch.setenv("RANK", "two")
    assert "RANK = 'two'" in run("search", "-o", "s").stderr


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"compress": {"batch": 6}}, "make it a multiple, as by --with compress.batch=8"),
        ({"search": {"batch": 2}}, "start 2 at most"),
        ({"device": "cuda:1"}, "write --device cuda"),
        ({"device": "cuda"}, "start one for each"),
    ],
)
def test_processes_have_the_same_share(
    settings: dict[str, object], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    config = read_config(settings)
    with pytest.raises(ConfigError, match=message):
        check_shares(config, Launched(0, 4, 0, 4))
    check_shares(config, None)
    assert config.asked is None


def test_one_process_leaves_no_digest_of_what_was_asked() -> None:
    assert "asked" not in json.dumps(RunFolder.create("r", {"a": None}).config)
    assert RunConfig().asked is None
