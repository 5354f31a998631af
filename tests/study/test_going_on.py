"""Studies go on after being killed to the same bytes, and from whatever records there are."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

from autorecon.cli import cli
from autorecon.compress import Compression
from autorecon.lang import shipped_spaces
from autorecon.records.cells import CellLog, CellRecord
from autorecon.report.study import write_tables
from autorecon.runs import Progress
from autorecon.study.cells import Task, plan
from autorecon.study.errors import StudyError
from autorecon.study.executors import choose
from autorecon.study.folder import StudyFolder
from autorecon.study.former import convert
from autorecon.study.run import run
from autorecon.study.spec import find_study, read_study
from autorecon.study.work import do_cell
from autorecon.workflow.config import write_config
from study_left import ID, QUIET, kept, put, records_of


def test_going_on_from_records_alone_does_nothing_again(copied, monkeypatch):
    Path("copy").mkdir()
    shutil.copy("out/study.toml", "copy")
    shutil.copy("out/records.jsonl", "copy")
    monkeypatch.setattr(choose, "Pool", lambda *given: pytest.fail("did something again"))
    study, folder = find_study("copy", {}), StudyFolder(Path("copy"))
    write_tables(folder, study, plan(study), run(study, folder, 1, QUIET))
    assert kept("copy") == kept("out")


def test_genotypes_that_are_damaged_are_written_again(copied, done):
    before = kept("out")
    for path in Path("out/genotypes").iterdir():
        path.write_text(path.read_text()[:-9])
    done(copied, "out", seeds=1)
    assert kept("out") == before


def test_work_on_other_cells_stays(copied, here, done):
    other = Path("out/work/of-another-cell")
    other.mkdir(parents=True)
    study = read_study(copied, "tiny", {"seeds": 1})
    left = StudyFolder(Path("out")).work_path(plan(study)[0])
    left.mkdir()
    done(copied, "out", seeds=1)
    assert other.exists()
    assert not left.exists()
    other.rmdir()
    done(copied, "out", seeds=1)
    assert not Path("out/work").exists()


def test_other_settings_need_another_folder(copied, done):
    before = kept("out")
    with pytest.raises(StudyError, match="made with other settings"):
        done(copied, "out", seeds=1, budget=2.0)
    assert kept("out") == before
    Path("mine").mkdir()
    Path("mine/notes").touch()
    with pytest.raises(StudyError, match="not empty"):
        done(copied, "mine")


def test_a_generator_that_was_changed_needs_another_folder(tiny, here, done):
    """A comment is no change, a layer is."""
    own = Path("own.space")
    own.write_text(shipped_spaces()["gdfq-cifar"].read_text())
    text = tiny[: tiny.index("[[search]]")] + '[[variant]]\nname = "human-designed"\n'
    text += 'generator = "own.space"\n'
    records = done(text, "out", seeds=1)
    own.write_text("# A note.\n" + own.read_text())
    assert done(text, "out", seeds=1) == records
    own.write_text(own.read_text().replace("nearest >>", "bilinear >>"))
    with pytest.raises(StudyError, match=r"done with another own\.space than there is now"):
        done(text, "out")


def test_a_draw_stays_whatever_the_defaults_become(copied, done):
    """It depends on its space and its teacher alone."""
    record = records_of("out")[f"{ID}/draw-paper/seed0"]
    record.settings["compress"]["rounding"] = "plain"
    put(record, "draw")
    assert done(copied, "out", seeds=1)
    record.settings["space"]["set"]["width"] = 3
    put(record, "draw")
    with pytest.raises(StudyError, match="made with other settings"):
        done(copied, "out", seeds=1)


def test_a_record_that_does_not_know_of_a_setting_is_of_what_was_done_before(copied, done):
    record = records_of("out")[f"{ID}/w3a3/discovered/seed0"]
    del record.settings["compress"]["labels"]
    put(record, "compress")
    with pytest.raises(StudyError, match="made with other settings"):
        done(copied, "out", seeds=1)
    record.settings["compress"]["labels"] = "known"
    put(record, "compress")
    assert done(copied, "out", seeds=1)


def test_a_search_that_selects_nothing_stays_whatever_compresses(copied, done):
    record = records_of("out")[f"{ID}/search-paper/seed0"]
    record.settings["compress"]["rounding"] = "unbiased"
    put(record, "search")
    assert done(copied, "out", seeds=1)
    record.settings["search"]["batch"] = 8
    put(record, "search")
    with pytest.raises(StudyError, match="made with other settings"):
        done(copied, "out", seeds=1)


def study_process(*arguments):
    """It does its cells in a process of their own."""
    code = "from autorecon.cli import main; main()"
    paths = os.pathsep.join([os.getcwd(), *filter(None, sys.path)])
    environment = os.environ | {"PYTHONPATH": paths}
    command = [sys.executable, "-c", code, "study", *arguments, "--jobs", "1", "--trust"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)


def test_a_killed_study_goes_on_to_the_same_bytes(tiny, here, done):
    """Kill the process that leads, without a warning, in the middle of a cell."""
    text = re.sub(r'(?s)\[\[variant\]\]\nname = "random.*?(?=\[\[variant)', "", tiny)
    text = text.replace("seeds = 2", "seeds = 1")
    text = text.replace("steps = 4\nepochs = 2", "steps = 14\nepochs = 8")
    Path("tiny.toml").write_text(text)
    done(text, "whole")
    process = study_process("tiny.toml", "-o", "broken", "-q")
    deadline = time.monotonic() + 600
    while not in_the_middle() and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert list(Path("broken/work").iterdir())
    result = CliRunner().invoke(cli, ["study", "broken", "--jobs", "1", "--trust"])
    assert result.exit_code == 0, result.output
    assert kept("broken") == kept("whole")
    assert len({record.accuracy for record in records_of("whole").values()}) > 2
    assert result.stdout.startswith(Path("whole/table.txt").read_text())


def in_the_middle():
    """Whether a cell has done 3 to 6 of its 8 epochs."""
    logs = Path("broken").glob("work/*/metrics.jsonl")
    return any(3 <= log.read_bytes().count(b"\n") <= 6 for log in logs)


def test_a_record_that_was_not_written_is_made_of_what_is_left(tiny, here, done, monkeypatch):
    """Whoever is killed between the end of a cell and its record has the work still."""
    text = tiny.replace("seeds = 2", "seeds = 1")
    with monkeypatch.context() as patch:
        patch.setattr(CellLog, "append", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            done(text, "out")
    monkeypatch.setattr(Compression, "run_epoch", lambda *given: pytest.fail("did it again"))
    first = plan(read_study(text, "tiny"))[0]
    record = do_cell(StudyFolder(Path("out")), Task(first), QUIET)
    assert record.accuracy is not None


def test_half_a_line_is_dropped_and_told(copied, here):
    path = Path("out/records.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"\n", 0, -1) + 40])
    said = io.StringIO()
    study, folder = read_study(copied, "tiny", {"seeds": 1}), StudyFolder(Path("out"))
    run(study, folder, 1, Progress(stream=said))
    assert said.getvalue().startswith("out/records.jsonl ended in half a line, which is dropped")
    assert "1 of 5 cells to do" in said.getvalue()
    assert path.read_bytes().count(b"\n") == whole.count(b"\n")


def test_records_of_a_later_time_lack_nothing(tiny):
    """Settings that a record does not know of have their default."""
    study = read_study(tiny, "tiny", {"seeds": 1})
    cell, folder = plan(study)[0], StudyFolder(Path("out"))
    Path("out").mkdir()
    settings = write_config(cell.config)
    del settings["precision"]
    put(CellRecord(cell.id, settings, accuracy=50.0), "compress")
    assert folder.records([cell])[cell.id].accuracy == 50.0
    put(CellRecord(cell.id, settings | {"threads": 2}, accuracy=50.0), "compress")
    with pytest.raises(StudyError, match="other settings"):
        folder.records([cell])


def test_what_was_found_and_lost_is_found_again(copied, here, done):
    found = records_of("out")[f"{ID}/search-paper/seed0"]
    put(attrs.evolve(found, genotype=""), "search")
    again = done(copied, "out", seeds=1)
    assert again[found.cell].genotype == found.genotype


def test_a_study_of_a_file_a_cell_is_converted(copied, done):
    records = StudyFolder(Path("out")).log.read()
    for cell, record in records.items():
        file = Path("out/cells", f"{cell}.json")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"format": 1} | attrs.asdict(record) | {"genotype": ""}))
        if record.genotype:
            shutil.copy("out/genotypes/paper.space", file.parent)
            shutil.copy(f"out/genotypes/{record.genotype}.space", file.with_suffix(".space"))
    Path("out/records.jsonl").unlink()
    with pytest.raises(StudyError, match=r"`python -m autorecon\.study\.former out`"):
        done(copied, "out", seeds=1)
    assert convert(StudyFolder(Path("out"))) == len(records)
    assert StudyFolder(Path("out")).log.read() == records
    with pytest.raises(StudyError, match="no study of before"):
        convert(StudyFolder(Path("out")))
