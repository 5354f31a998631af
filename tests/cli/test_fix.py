"""`autorecon fix` and `autorecon check` as a user meets them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree as xml

import pytest
from click.testing import CliRunner, Result

from autorecon.cli import check_command, cli, space_files

HEAD = "space s\ninput z [8]: noise\noutput image [3, 4, 4]\n"
SOUND = f"{HEAD}link z -> image = linear\n"
CERTAIN = f"{HEAD}link z -> image = Linear >> ReLU # kept\n"
GUESSED = f"{HEAD}link z -> image = linaer\n"


def autorecon(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, arguments)])


@pytest.fixture
def files(tmp_path: Path) -> Path:
    texts = {"sound": SOUND, "certain": CERTAIN, "guessed": GUESSED}
    for name, text in texts.items():
        (tmp_path / f"{name}.space").write_text(text)
    (tmp_path / "binary.space").write_bytes(b"\xff")
    return tmp_path


def test_what_is_certain_is_mended_in_place(files: Path) -> None:
    file = files / "certain.space"
    result = autorecon("fix", file)
    assert result.exit_code == 0
    assert file.read_text() == f"{HEAD}link z -> image = linear >> relu # kept\n"
    assert "E0202 write `linear` in place of `Linear`" in result.stderr
    assert "1 file: 2 faults mended" in result.stderr


def test_a_byte_order_mark_and_line_ends_stay(files: Path) -> None:
    file = files / "certain.space"
    file.write_bytes(b"\xef\xbb\xbf" + CERTAIN.replace("\n", "\r\n").encode())
    assert autorecon("fix", file).exit_code == 0
    right = CERTAIN.replace("Linear >> ReLU", "linear >> relu").replace("\n", "\r\n")
    assert file.read_bytes() == b"\xef\xbb\xbf" + right.encode()


def test_a_difference_is_shown_and_nothing_written(files: Path) -> None:
    file = files / "certain.space"
    result = autorecon("fix", file, "--diff")
    assert "+link z -> image = linear >> relu # kept\n" in result.stdout
    assert file.read_text() == CERTAIN


def test_a_guess_is_made_if_asked_for(files: Path) -> None:
    file = files / "guessed.space"
    result = autorecon("fix", file)
    assert result.exit_code == 1
    assert "1 left; --unsafe may mend 1 of them" in result.stderr
    assert file.read_text() == GUESSED
    assert autorecon("fix", file, "--unsafe").exit_code == 0
    assert file.read_text() == SOUND


def test_one_file_that_cannot_be_read_does_not_stop_the_others(files: Path) -> None:
    assert autorecon("fix", files, "--unsafe").exit_code == 1
    assert (files / "guessed.space").read_text() == SOUND
    result = autorecon("check", files, "--output-format", "concise")
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{files}/binary.space:1:1: E0103 ")
    assert result.stderr == "4 files: 3 sound, 1 with 1 error\n"


@pytest.mark.parametrize("command", ["check", "fix"])
def test_what_is_not_there_is_a_matter_of_usage(command: str) -> None:
    assert autorecon(command, "nowhere").exit_code == 2
    assert autorecon(command).exit_code == 2


def test_many_files_are_checked_by_several_processes(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_command, "_ENOUGH", 0)
    monkeypatch.setattr(check_command, "_AT_ONCE", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    result = autorecon("check", files, "--output-format", "json")
    alone = autorecon("check", files / "guessed.space", "--output-format", "json")
    found = {d["file"]: d["code"] for d in json.loads(result.stdout)}
    assert [Path(file).name for file in found] == ["binary.space", "certain.space", "guessed.space"]
    assert json.loads(result.stdout)[-1:] == json.loads(alone.stdout)


def test_sarif_has_rules_places_and_fixes(files: Path) -> None:
    result = autorecon("check", files, "--output-format", "sarif")
    log = json.loads(result.stdout)
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    driver = run["tool"]["driver"]
    assert [rule["id"] for rule in driver["rules"]] == ["E0103", "E0202"]
    last = run["results"][-1]
    assert (last["ruleId"], last["level"]) == ("E0202", "error")
    (place,) = last["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"].endswith("/guessed.space")
    assert place["physicalLocation"]["region"]["startLine"] == 4
    (change,) = last["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"] == {"text": "linear"}


def test_junit_has_a_suite_for_each_file(files: Path) -> None:
    result = autorecon("check", files, "--output-format", "junit")
    suites = {Path(s.attrib["name"]).stem: s for s in xml.fromstring(result.stdout)}
    failures = {name: suite.attrib["failures"] for name, suite in suites.items()}
    assert failures == {"binary": "1", "certain": "2", "guessed": "1", "sound": "0"}
    assert suites["sound"].find("testcase/failure") is None
    assert "linaer" in suites["guessed"].find("testcase/failure").text


@pytest.mark.parametrize("style", ["sarif", "junit"])
def test_a_sound_space_is_a_whole_document(style: str, files: Path) -> None:
    result = autorecon("compile", files / "sound.space", "--output-format", style)
    assert result.exit_code == 0
    read = {"sarif": json.loads, "junit": xml.fromstring}[style]
    assert read(result.stdout) is not None


def test_a_folder_is_for_check(files: Path) -> None:
    result = autorecon("compile", files)
    assert result.exit_code == 2
    assert "`autorecon check" in result.stderr


@pytest.mark.parametrize("command", ["check", "fmt", "fix"])
def test_links_out_of_a_folder_and_pipes_are_no_part_of_it(
    files: Path, tmp_path_factory: pytest.TempPathFactory, command: str
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "certain.space"
    elsewhere.write_text(CERTAIN)
    (files / "link.space").symlink_to(elsewhere)
    (files / "within.space").symlink_to("certain.space")
    os.mkfifo(files / "pipe.space")  # nobody writes to it
    result = autorecon(command, files)
    assert "link.space is a link out of" in result.stderr
    assert "pipe.space: it is not a regular file" in result.output
    assert elsewhere.read_text() == CERTAIN
    assert "5 files" in result.stderr


def test_a_file_that_is_named_is_written_where_its_link_leads(files: Path) -> None:
    (files / "certain.space").chmod(0o640)
    (files / "link.space").symlink_to("certain.space")
    assert autorecon("fix", files / "link.space").exit_code == 0
    assert (files / "link.space").is_symlink()
    assert "linear >> relu" in (files / "certain.space").read_text()
    assert (files / "certain.space").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("command", ["fmt", "fix"])
def test_what_was_saved_meanwhile_is_not_lost(
    files: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    file = files / "certain.space"
    if command == "fmt":
        file.write_text(SOUND.replace("= linear", "=linear"))

    def saved(*given: object) -> object:
        file.write_text("# mine\n")
        return before(*given)

    name = "read_bounded"
    before = getattr(space_files, name)
    monkeypatch.setattr(space_files, name, saved)
    result = autorecon(command, file)
    assert result.exit_code in (1, 2)
    assert "was changed meanwhile, and is left as it is" in result.stderr
    assert file.read_text() == "# mine\n"
