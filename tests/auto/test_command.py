"""`autorecon auto` as a user gives it, with mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from autorecon.cli import cli

TINY = ("--config", "tiny.toml", "--trust")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name a TEACHER"),
        (("resnet21-fashion16",), "no teacher is called"),
        (("--config", "tiny.toml"), "add --trust"),
        ((*TINY, "--time", "3"), "write it as 30m"),
        ((*TINY, "--time", "3m", "--trials", "4"), "choose one"),
        ((*TINY, "--time", "0.01s"), "is too short for one rung: 20 steps of 3 candidates"),
        ((*TINY, "--trials", "2"), "must be 3 or more"),
        ((*TINY, "--trials", str(10**9)), "and 1,000 at most"),
        ((*TINY, "--trials", "0"), "say how long by time"),
        ((*TINY, "--bits", "w9a9"), "9 bits for weights"),
        ((*TINY, "--space", "nothing.space"), "nothing.space"),
        ((*TINY, "--data", "nothing"), "nothing"),
        ((*TINY, "--with", "compress.step=3"), "did you mean `steps`"),
        ((*TINY, "--with", 'candidate=[{name="k", compress.method="kegnet"}]'), "needs `students`"),
        ((*TINY, "--with", "step=3"), "there is no `step`"),
        ((*TINY, "--memory", "much"), "is no size"),
        ((*TINY, "-o", "full"), "full is not empty"),
        ((*TINY, "-o", "tiny.toml/out"), "tiny.toml is not a folder"),
        (("--resume", "full"), "was not made by `autorecon auto`"),
        (("--resume", "full", "--bits", "w3a3"), "leave out --bits"),
    ],
)
def test_mistakes_are_told_before_any_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.setattr("autorecon.auto.prepare.pace", lambda *of: 1.0)  # seconds a step
    Path("full").mkdir()
    Path("full/notes").touch()
    before = sorted(folder.rglob("*"))
    result = CliRunner().invoke(cli, ["auto", *arguments])
    assert result.exit_code == (1 if "nothing.space" in arguments else 2), result.output
    assert message in result.output
    assert "Traceback" not in result.output
    assert [path for path in sorted(folder.rglob("*")) if "__pycache__" not in str(path)] == before
