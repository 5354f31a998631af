"""`autorecon study` as a user gives it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from autorecon.cli import cli


def study(*arguments):
    return CliRunner().invoke(cli, ["study", *map(str, arguments)])


def test_a_plan_says_what_there_is_and_what_is_done(copied):
    lines = study("out", "--seeds", 2, "--plan", "--jobs", 2).output.splitlines()
    assert [line.rpartition("  ")[2] == "done" for line in lines[:5]] == [True] * 5
    assert lines[-1].startswith("5 of 10 cells to do, 21 steps, about ")
    values = json.loads(study("out", "--seeds", 2, "--plan", "--json").output)
    assert [value["done"] for value in values] == [True] * 5 + [False] * 5
    assert values[4]["needs"] == values[3]["cell"]


def test_a_plan_of_nothing_done(tiny):
    Path("tiny.toml").write_text(tiny)
    result = study("tiny.toml", "--plan")
    *_, steps, time = result.output.splitlines()
    assert steps == "10 of 10 cells to do, 42 steps"
    assert time == "How long they take is known once some are done."
    assert not Path("runs").exists()


def test_the_tables_are_written_again_from_what_is_done(copied):
    text = Path("out/table.txt").read_text()
    Path("out/table.txt").unlink()
    result = study("out", "--table")
    assert result.exit_code == 0
    assert Path("out/table.txt").read_text() == text
    assert result.output.startswith(text)
    rows = json.loads(study("out", "--table", "--json").output)["rows"]
    assert [row["variant"] for row in rows] == ["human-designed", "random genotype", "discovered"]
    assert rows[2]["difference"]["runs"] == 1
    against = study("out", "--table", "--json", "--against", "discovered").output
    assert [row["against"] for row in json.loads(against)["rows"]] == ["discovered"] * 2 + [""]
    kept = Path("out/study.toml").read_text()
    again = study("out", "--json", "-q", "--trust", "--against", "discovered").output
    done = json.loads(again)["rows"]
    assert [row["against"] for row in done] == ["discovered"] * 2 + [""]
    assert Path("out/study.toml").read_text() == kept, "what is compared is the study's"
    some = json.loads(study("out", "--table", "--json", "--variant", "discovered").output)["rows"]
    assert [(row["variant"], row["difference"]) for row in some] == [("discovered", None)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tabel2",), "did you mean `table2`"),
        (("out", "--plan", "--table"), "choose one"),
        (("table2", "--table", "-o", "nothing"), "nothing is done in nothing"),
        (("out", "--budget", "0"), "budget = 0 must be above 0"),
        (("out", "--budget", "nan"), "budget = nan must be above 0"),
        (("out", "--budget", "3", "--plan"), "made with other settings"),
        (("out", "--bits", "w9a9"), "9 bits for weights"),
        (("out", "--teacher", "resnet21-fashion16"), "no teacher is called"),
        (("out", "--against", "random"), "there is no variant 'random' to compare with"),
        (("out", "--first-seed", "-1"), "first_seed = -1 must be 0"),
        (("out", "--first-seed", "1", "--seeds", "1", "--table"), "nothing is done"),
        (("out", "--variant", "random"), "there is no variant 'random'"),
        (("out", "--with", "compress.steps=5", "--plan"), "made with other settings"),
        (("out", "--with", "compress.step=5"), "has a setting `step`"),
        (("out", "--with", "compress.bits=w4a4"), "say it by `bits`"),
        (("out", "--with", "compress=5"), "of the form compress.KEY=VALUE"),
        (("out", "--with", "search.batch=5"), "of the form compress.KEY=VALUE"),
    ],
)
def test_mistakes_are_told(copied, arguments, message):
    before = {path: path.stat().st_mtime_ns for path in Path("out").rglob("*")}
    result = study(*arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output
    assert {path: path.stat().st_mtime_ns for path in Path("out").rglob("*")} == before
    assert not Path("nothing").exists()
