"""Studies are done whole, survive bad cells, and share what need not be made twice."""

from __future__ import annotations

import re
from collections import deque
from pathlib import Path

import pytest

from autorecon.compress.sources import Generated
from autorecon.study import run as running
from autorecon.study.cells import Task, plan
from autorecon.study.executors import choose
from autorecon.study.folder import StudyFolder
from autorecon.study.run import run
from autorecon.study.spec import read_study
from autorecon.study.work import do_cell
from autorecon.workflow.exam import Exam
from study_left import ID, QUIET, records_of


def test_a_study_is_done_whole(whole):
    folder, records = whole
    assert len(records) == 5
    assert not any(record.error for record in records.values())
    last = records[f"{ID}/w3a3/discovered/seed0"]
    assert last.generator == records[f"{ID}/search-paper/seed0"].generator
    known = [record for record in records.values() if record.accuracy is not None]
    assert len({record.accuracy for record in known}) > 1
    assert all(0 <= record.accuracy <= 100 for record in known)
    assert last.full_precision == records[f"{ID}/w3a3/human-designed/seed0"].full_precision
    names = {path.name for path in folder.iterdir()} - {".lock"}
    tables = {"table.txt", "table.csv", "table.tex", "table.html"}
    assert names == {"study.toml", "records.jsonl", "genotypes"} | tables
    found = {record.genotype for record in records.values() if record.genotype}
    names = {path.stem for path in folder.glob("genotypes/*.space")}
    assert names == found | {"paper"}


def test_a_teacher_is_measured_once(tiny, here, done, monkeypatch):
    measured = []
    score = Exam.score
    monkeypatch.setattr(Exam, "score", lambda self, net: measured.append(net) or score(self, net))
    records = done(tiny.replace("seeds = 2", "seeds = 1"), "out")
    assert len(measured) == 1 + 3 * 2  # of each student, before its first step and after the last
    assert len({r.full_precision for r in records.values() if r.accuracy is not None}) == 1


def test_more_seeds_do_only_what_is_new(copied, here, done):
    before = Path("out/records.jsonl").read_text()
    records = done(copied, "out")
    assert len(records) == 10
    after = Path("out/records.jsonl").read_text()
    assert after.startswith(before)
    assert after.count("\n") == before.count("\n") + 5
    assert records[f"{ID}/w3a3/discovered/seed1"].settings["seeds"] == [1]
    drawn = [records[f"{ID}/draw-paper/seed{i}"].genotype for i in (0, 1)]
    assert drawn[0] != drawn[1]


def test_a_diverged_cell_is_a_result(tiny, here, done, monkeypatch):
    """A learning rate that overflows; the other variants go on, and it is not done again."""
    text = tiny + "compress = { generator_lr = 1e38 }\n"
    records = done(text, "out", seeds=1)
    failed = [record for record in records.values() if record.error]
    assert [record.cell for record in failed] == [f"{ID}/w3a3/discovered/seed0"]
    assert failed[0].error.startswith("diverged: the loss")
    assert failed[0].done
    table = Path("out/table.txt").read_text()
    assert "1 run failed: diverged: the loss" in table
    monkeypatch.setattr(choose, "Pool", lambda *given: pytest.fail("did it again"))
    assert done(text, "out", seeds=1) == records


def test_what_needs_a_failed_cell_fails_and_both_are_tried_again(tiny, here, monkeypatch):
    study, folder = read_study(tiny, "tiny", {"seeds": 1}), StudyFolder(Path("out"))
    search = next(cell for cell in plan(study) if cell.kind == "search")
    with monkeypatch.context() as patch:
        patch.setattr("autorecon.study.work.workflow.search", lambda *given: 1 / 0)
        records = run(study, folder, 1, QUIET)
    assert records[search.id].error.startswith("ZeroDivisionError: division by zero (test_run.py")
    needing = records[f"{ID}/w3a3/discovered/seed0"]
    assert needing.error.startswith(f"{search.id} failed: ZeroDivisionError")
    assert sum(bool(record.error) for record in records.values()) == 2
    assert not any(record.error for record in run(study, folder, 1, QUIET).values())


def test_bit_widths_share_the_images_that_they_would_each_have_made(tiny, here, done, monkeypatch):
    text = tiny.replace("seeds = 2", "seeds = 1")
    text = text[: text.rindex("[[variant]]")]  # of two that are trained alike
    for bits in ("w3a3", "w2a4"):
        done(text, "apart", bits=[bits])
    made = []
    make = Generated.make
    monkeypatch.setattr(Generated, "make", lambda *given: made.append(1) or make(*given))
    done(text, "together", bits=["w3a3", "w2a4"])
    assert len(made) == 2 * (2 + 4)  # generators, and steps of each
    assert records_of("together") == records_of("apart")
    assert not Path("together/work").exists()
    ended = StudyFolder.forget_images

    def damaging(self, *given):
        for path in self.path.glob("work/images-*"):
            path.write_bytes(path.read_bytes()[:-1] + b"?")
        ended(self, *given)

    monkeypatch.setattr(StudyFolder, "forget_images", damaging)
    made.clear()
    done(text, "again", bits=["w3a3", "w2a4"])
    assert len(made) == 2 * 2 * (2 + 4)
    assert records_of("again") == records_of("apart")


def test_images_go_when_nobody_is_left_to_learn_from_them(tiny):
    first, *_, second = plan(read_study(tiny, "tiny", {"bits": ["w3a3", "w2a4"], "seeds": 1}))[:2]
    folder = StudyFolder(Path("out"))
    path = folder.images_path(first)
    path.parent.mkdir(parents=True)
    path.touch()
    folder.forget_images([first, second], {first.id})
    assert path.exists()
    folder.forget_images([first, second], {first.id, second.id})
    assert not path.exists()


def test_images_that_are_being_made_are_waited_for(tiny):
    cells = plan(read_study(tiny, "tiny", {"bits": ["w3a3", "w2a4"], "seeds": 1}))
    folder = StudyFolder(Path("out"))
    doing = running._Doing(folder, cells, {}, QUIET, {}, folder.log)
    waiting = deque(cells)
    first = doing._next(waiting)
    doing.shares[first.id] = 0.0
    assert first.id == cells[0].id
    assert doing._next(waiting).kind == "draw"
    assert cells[1] in waiting
    path = doing.folder.images_path(first)
    path.parent.mkdir(parents=True)
    path.touch()
    assert doing._next(waiting) == cells[1]


def test_a_process_that_is_killed_is_told_and_tried_again(tiny, done, monkeypatch, request):
    monkeypatch.setattr(running, "_TRIES", 1)
    text = tiny.replace("seeds = 2", "seeds = 1")[: tiny.index("[[search]]")]
    text += '[[variant]]\nname = "human-designed"\ngenerator = "plain.space"\n'
    Path("die").touch()
    (record,) = done(text, "out").values()
    assert record.error == "its process was ended by SIGKILL: perhaps there was too little memory"
    assert "1 run failed: its process" in Path("out/table.txt").read_text()
    Path("die").unlink()
    request.getfixturevalue("here")
    (record,) = done(text, "out").values()
    assert not record.error


TIED = """space tied(classes = 3)
choice act = relu | tanh | silu
choice lone = nearest | bilinear
edge mix = conv(1) | conv(3) | sepconv(3) | sepconv(5) | identity | none
input z [4]: noise
input y: label(classes)
node code [4] merge product
node a, b, c, d [2, 4, 4] then bn >> act
output image [1, 8, 8]
link z -> code = identity
link y -> code = embed
link code -> a = linear
mix a -> {b, c, d}
mix b -> c
mix {b, c} -> d
link d -> image = lone >> conv(3)
"""


def test_architectures_are_drawn_of_spaces_that_are_tied(tiny):
    """140,000 of them; one of its decisions has a name though nothing is tied to it."""
    Path("tied.space").write_text(TIED)
    text = re.sub(r"(?m)^space = .*", 'space = { file = "tied.space" }', tiny)
    cells, folder = plan(read_study(text, "tiny", {})), StudyFolder(Path("out"))
    running.check(cells, dict.fromkeys(cell.id for cell in cells))
    drawn = [do_cell(folder, Task(cell), QUIET) for cell in cells if cell.kind == "draw"]
    assert not any(record.error for record in drawn)
    assert len({record.genotype for record in drawn}) == len(drawn) == 2
