"""`autorecon watch` as a process: what it says, how it ends, and what it refuses."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from autorecon.cli import cli


def test_it_says_where_and_ends_quietly() -> None:
    command = [sys.executable, "-m", "autorecon", "watch", "paper", "--set", "width=8"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        address, _, rest = process.stdout.readline().partition(" ")
        assert rest == "shows paper; Ctrl-C ends it\n"
        with urlopen(address, timeout=60) as page:
            assert "161,475,125,529,959,543,232" in page.read().decode()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err.strip()) == (0, "", "")
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["none.space"], 1, "there is no file none.space"),
        (["papr"], 1, "did you mean `paper`"),
        (["."], 2, "is not a run: it has no config.toml"),
        ([".", "--set", "width=8"], 2, "leave out --set"),
        (["paper", "--port", "0"], 2, "0 is not in the range"),
        ([], 2, "Missing argument 'FILE|RUN'"),
    ],
)
def test_what_cannot_be_watched_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["watch", *arguments])
    assert result.exit_code == code, result.output
    assert said in result.output
    assert list(tmp_path.iterdir()) == []
