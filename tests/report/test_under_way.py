"""The page of an `autorecon auto` that was ended, or goes on."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

from autorecon.cli import cli
from autorecon.records.cells import CellLog, CellRecord
from autorecon.records.course import Course, Entry, Rung, Work, write_course
from autorecon.records.errors import RecordError
from autorecon.records.schema import plain
from autorecon.report.under_way import under_way
from autorecon.runs import Lines, RunError, RunFolder
from autorecon.watch.run_page import RunPage
from tests.report.test_page import Page

NAMES = ("noise", "human-designed", "<b>mine</b>", "late")
TRIALS = [Work(f"rung2/t/w3a3/{at}/seed0", f"{at:016x}") for at in range(4)]
FIRST = Rung(0.1, [Entry(name, judged=90.0 + at) for at, name in enumerate(NAMES)], 120.0)
COURSE = Course(
    teacher="t",
    bits="w3a3",
    lengths=[0.1, 1.0],
    seconds=30.0,
    rungs=[FIRST, Rung(1.0, [Entry(name) for name in NAMES])],
    notes=["left out: paper"],
    work=TRIALS,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One trial has ended, one has failed, one is begun and one waits."""
    (tmp_path / "auto.toml").write_text('bits = "w3a3"\n')
    write_course(tmp_path, COURSE)
    log = CellLog(tmp_path / "records.jsonl")
    log.append("compress", CellRecord(TRIALS[0].cell, steps=3, seconds=2.0, agreement=91.5))
    log.append("compress", CellRecord(TRIALS[1].cell, steps=3, error="diverged: no number"))
    config = {"command": "compress", "compress": {"epochs": 8}}
    run = RunFolder.create(tmp_path / "work" / TRIALS[2].folder, config)
    row = {"stage": "compress/generator/seed0", "epoch": 0, "seconds": 1.0}
    beside = run.checkpoint_path / "compress/generator/seed0/metrics.jsonl"
    beside.parent.mkdir(parents=True)
    Lines(beside).append(row)
    return tmp_path


def page(folder: Path) -> str:
    result = CliRunner().invoke(cli, ["report", str(folder)])
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{folder}/report.html\n"
    assert f"not done: `autorecon auto --resume {folder}` goes on" in result.stderr
    text = (folder / "report.html").read_text()
    assert Page(text).open == []
    return text


def rows(text: str) -> list[list[str]]:
    parts = text.partition("Rung 2 of 2: 4 candidates, 3 steps")[2].split("<tr>")[2:]
    return [part.replace("</th>", "").replace("</td>", "").split("<") for part in parts]


def test_trials_of_a_rung_are_told_as_far_as_they_are(folder: Path) -> None:
    text = page(folder)
    assert "Not done: 2 of 4 students of rung 2 of 2 are done; late was ahead" in text
    assert f"autorecon auto --resume {folder}</pre>" in text
    assert "left out: paper" in text
    assert "<dd>2 min" in text
    found = under_way(folder)
    assert found is not None
    assert list(found.states.values()) == ["done", "failed", "1 of 8 epochs", "waits"]
    cells = [[cell.rpartition(">")[2] for cell in row if ">" in cell] for row in rows(text)]
    told = [[*filter(None, row)] for row in cells]
    assert told[0][:4] == ["noise", "done", "91.50", "2 s"]
    assert told[1][:3] == ["human-designed", "diverged: no number", "failed"]
    assert told[2][:2] == ["&lt;b&gt;mine&lt;/b&gt;", "1 of 8 epochs"]
    assert told[3][:2] == ["late", "waits"]


def test_searches_and_draws_before_the_first_rung(folder: Path) -> None:
    sources = [Work("t/search-mine/seed0", "ab"), Work("t/draw-mine/seed0", "cd")]
    write_course(folder, attrs.evolve(COURSE, rungs=[], work=sources))
    log = CellLog(folder / "records.jsonl")
    log.read()
    log.append("draw", CellRecord("t/draw-mine/seed0", seconds=1.0, genotype="AB-1"))
    text = page(folder)
    assert "generators are searched for and drawn, 1 of 2 so far" in text
    assert '<th scope="row">search-mine</th><td>waits</td>' in text
    assert '<th scope="row">draw-mine</th><td>done</td>' in text
    assert "Judged by" not in text


@pytest.mark.parametrize("rung", [FIRST, COURSE.rungs[1]])
def test_between_two_steps(folder: Path, rung: Rung) -> None:
    write_course(folder, attrs.evolve(COURSE, rungs=[rung], work=[]))
    told = "rung 1 of 2 is judged, and late is ahead" if rung.done else "waits"
    assert told in page(folder)


def test_it_is_watched_until_it_is_a_run(folder: Path) -> None:
    watched = RunPage(folder)
    assert "This page follows it." in watched.page()
    (folder / "config.toml").write_text('command = "compress"\n')
    assert "This run is unfinished." in watched.page()


def test_what_is_damaged_is_told(folder: Path) -> None:
    text = (folder / "auto.json").read_text()
    (folder / "auto.json").write_text(text.replace("human", "hunan"))
    with pytest.raises(RecordError, match="is damaged"):
        under_way(folder)
    values = plain(COURSE) | {"work": [{"cell": "c", "folder": "../.."}]}
    (folder / "auto.json").write_text(json.dumps(values))
    with pytest.raises(RecordError, match="no name of a folder"):
        under_way(folder)
    (folder / "auto.json").unlink()
    (folder / "auto.json").symlink_to("/dev/zero")
    with pytest.raises(RunError, match="is a link to"):
        under_way(folder)
    assert under_way(folder / ("x" * 999)) is None


def test_others_are_told_how_it_goes_on(folder: Path) -> None:
    told = r"is not a run yet: `autorecon auto --resume .*` makes it one"
    with pytest.raises(RunError, match=told):
        RunFolder.open(folder)


def test_of_a_study_it_is_told_what_writes_its_tables(tmp_path: Path) -> None:
    (tmp_path / "study.toml").touch()
    with pytest.raises(RunError, match=r"is a study, no run: `autorecon study .* --table`"):
        RunFolder.open(tmp_path)
