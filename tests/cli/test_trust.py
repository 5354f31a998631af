"""What other people's folders, files and names do to whoever reads them: nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from autorecon.cli import cli
from autorecon.cli.unforeseen import unforeseen
from autorecon.runs import RunFolder
from autorecon.workflow.config import read_config, write_config

EVIL = "open('ran', 'w').close()\ndef teacher(): raise SystemExit\n"
SPACE = """space s
input z [4]: noise
output image [1,4,4]
link z -> image = linear | linear >> tanh
"""
TOML = "[space]\nops = ['evil']\n[teacher]\nname = 'evil:teacher'\n"


@pytest.fixture(autouse=True)
def run(tmp_path, monkeypatch):
    """A run of somebody else that names code, in the working folder, which has it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "evil", raising=False)
    Path("evil.py").write_text(EVIL)
    named = {"file": "s", "baseline": "", "ops": ["evil"]}
    config = {"command": "run", "space": named, "teacher": {"name": "evil:teacher", "size": 4}}
    folder = RunFolder.create("run", write_config(read_config(config)))
    folder.space_path.write_text(SPACE)
    return folder


def autorecon(*arguments):
    result = CliRunner().invoke(cli, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    return result


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--resume", "run"),
        ("derive", "run"),
        ("export", "run", "-o", "x.py"),
        ("run", "--config", "settings.toml"),
        ("study", "study.toml"),
    ],
)
def test_code_that_a_file_names_is_asked_for(arguments):
    Path("settings.toml").write_text(TOML)
    Path("study.toml").write_text(
        "title = 't'\nteachers = ['evil:teacher']\nbits = ['w4a4']\n"
        "[[variant]]\nname = 'a'\ngenerator = 'gdfq-cifar'\n"
    )
    result = autorecon(*arguments)
    assert result.exit_code == 2
    assert "names Python of its own, evil" in result.stderr
    assert "add --trust" in result.stderr
    assert not Path("ran").exists()
    autorecon(*arguments, "--trust")
    assert Path("ran").exists()


def test_code_of_the_command_line_is_imported():
    Path("settings.toml").write_text(TOML)
    autorecon("run", "--config", "settings.toml", "--ops", "evil", "--teacher", "evil:teacher")
    assert Path("ran").exists()


def test_a_page_needs_no_code(run):
    assert autorecon("report", "run").exit_code == 0
    assert autorecon("explain", "run", "z->image").exit_code == 2
    assert autorecon("show", run.space_path).exit_code == 0
    assert not Path("ran").exists()


def test_a_space_of_own_operations_is_left_out_of_the_page(run):
    run.space_path.write_text(SPACE.replace("tanh", "mine"))
    assert autorecon("report", "run").exit_code == 0
    assert "space.space is not shown" in run.report_path.read_text()
    assert "give --ops evil" in run.report_path.read_text()


def test_escapes_are_shown_as_signs(run):
    evil = "linaer # \x1b]0;PWNED\x07\x9b31m\u202e\n |"
    Path("a.space").write_text(SPACE.replace("linear |", evil))
    for style in ("full", "concise", "github"):
        shown = autorecon("compile", "a.space", "--format", style).output
        assert not {"\x1b]", "\x07", "\x9b", "\u202e"} & set(shown)
    run.config_path.write_text("[space]\nfile = '\x1b'")
    shown = autorecon("report", "a\x1b[31mb").stderr
    assert "a\u241b[31mb" in shown
    assert "\x1b" not in shown


LONG = "n" * 300


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", LONG), "choose a shorter name"),
        (("study", "table3", "-o", LONG), "choose a shorter name"),
        (("study", "table3", "-o", "evil.py/x"), "Not a directory"),
        (("run", "--config", "deep.toml"), "deep.toml is nested too deeply"),
        (("study", "deep.toml"), "deep.toml is nested too deeply"),
        (("search", "--seed", 2**64), "must be 0 to 2**63 - 1"),
        (("run", "--with", f"seeds=[{2**64}]"), "whole numbers from 0 to 2**63 - 1"),
    ],
)
def test_names_and_numbers_end_in_one_line(arguments, told):
    Path("deep.toml").write_text("a=" + "[" * 5000 + "]" * 5000)
    result = autorecon(*arguments)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_home_of_nobody_is_told(monkeypatch):
    monkeypatch.setenv("AUTORECON_DATA", "~nobody-is-called-so/x")
    result = autorecon("run")
    assert result.exit_code == 2
    assert "nobody has the home ~nobody-is-called-so" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="a folder in use cannot be removed there")
def test_a_working_folder_that_is_gone(monkeypatch, tmp_path):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    result = autorecon("show", "paper", "--ops", "mine")
    assert result.exit_code == 2
    assert "is gone: change to one that is there" in result.stderr


def test_what_the_machine_refuses_is_told_with_its_notes():
    error = PermissionError(13, "Permission denied", "x" * 300)
    error.add_note("continue")
    told = unforeseen(error)
    assert str(told).endswith("Permission denied; change its permissions, or choose another place")
    assert len(str(told)) < 200
    assert told.__notes__ == ["continue"]
    assert "too little memory" in str(unforeseen(MemoryError()))
    assert "too little memory" in str(unforeseen(RuntimeError("[x] can't allocate memory: ...")))
    assert unforeseen(BrokenPipeError(32, "Broken pipe")) is None
    assert unforeseen(KeyError("c")) is None
