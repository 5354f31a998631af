"""Cells are given to workers that share nothing but a folder, by one at a time, until they end."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest

from autorecon.records.cells import CellRecord
from autorecon.runs import Progress
from autorecon.study import claimed
from autorecon.study import run as running
from autorecon.study.cells import Task, plan
from autorecon.study.claimed import do_claimed
from autorecon.study.claims import ClaimLostError, holder, take
from autorecon.study.cluster import Cluster
from autorecon.study.errors import StudyError
from autorecon.study.executors import choose, executor
from autorecon.study.executors.remote import Remote, tail
from autorecon.study.folder import StudyFolder
from autorecon.study.run import run
from autorecon.study.spec import read_study

QUIET = Progress(quiet=True)


@attrs.define
class Jobs(Remote):
    """Jobs that are numbers; those of `dead` are over."""

    given: list = attrs.field(factory=list)
    dead: set = attrs.field(factory=set)
    first: int = 0
    late: float = 0.0

    def submit(self, work):
        self.given.append(work)
        return self.first + len(self.given) - 1

    def name(self, job):
        return f"job {job}"

    def find(self, name):
        number = int(name.split()[1])
        return None if number in self.dead else number

    def over(self, job):
        return f"job {job} was shot" if job in self.dead else ""


@pytest.fixture
def cells(tiny):
    return plan(read_study(tiny, "tiny", {}))


@pytest.fixture
def folder(tiny):
    return StudyFolder(Path("out").resolve())


def test_a_claim_is_one_workers(tmp_path):
    path = tmp_path / "work" / "x.claim"
    assert holder(path) == ""
    assert take(path, "a")
    assert take(path, "a")
    assert not take(path, "b")
    assert holder(path) == "a"
    assert [entry.name for entry in path.parent.iterdir()] == ["x.claim"]


def test_a_worker_that_was_given_up_leaves_nothing(cells, folder, monkeypatch):
    cell = cells[0]
    take(folder.claim_path(cell), "other")
    with pytest.raises(ClaimLostError, match=f"{cell.id} is being done by other"):
        do_claimed(folder, Task(cell), "me")
    folder.claim_path(cell).unlink()

    def robbed(folder, task, progress):
        folder.claim_path(task.cell).write_text("other")
        with progress.task("steps", 3) as tick:
            tick()
        pytest.fail("went on")

    monkeypatch.setattr(claimed, "do_cell", robbed)
    monkeypatch.setattr(claimed, "_EVERY", 0.0)
    with pytest.raises(ClaimLostError, match="given up"):
        do_claimed(folder, Task(cell), "me")
    assert folder.left(cell) is None


def test_a_record_is_left_and_read(cells, folder):
    record = CellRecord(cells[0].id, {"threads": 1}, 3, 0.5, accuracy=50.0, warnings=["w"])
    folder.leave(cells[0], record)
    assert folder.left(cells[0]) == record
    folder.record_path(cells[0]).write_text('{"cell": 3}')
    with pytest.raises(ValueError, match="remove it to have its cell done again"):
        folder.left(cells[0])


def test_who_comes_back_finds_what_was_given_out(cells, folder):
    first = Jobs(folder, 9)
    for cell in cells[:4]:
        first.give(Task(cell))
    take(folder.claim_path(cells[1]), "job 1")
    assert (first.running, first.begun()) == (4, 1)
    folder.leave(cells[2], CellRecord(cells[2].id))
    again = Jobs(folder, 9, dead={0}, first=50)
    for cell in cells[:4]:
        again.give(Task(cell))
    assert [work.task.cell for work in again.given] == [cells[0]]  # the only one that is gone
    ((task, record),) = again.events(0)
    assert (task.cell, record.cell) == (cells[2], cells[2].id)
    again.dead.add(1)
    ((task, why),) = again.events(1)
    assert (task.cell, why) == (cells[1], "job 1 was shot")


def test_a_cell_that_has_a_gpu_is_computed_there(cells):
    assert Task(cells[0]).config.device == "cpu"
    assert Task(cells[0], device="cuda").config.device == "cuda"
    assert Task(cells[0], device="cuda").cell.id == cells[0].id


def test_a_cell_that_another_process_gave_away_is_not_done_twice(cells, folder):
    jobs = Jobs(folder, 1)
    jobs.give(Task(cells[0]))
    folder.claim_path(cells[0]).write_text("job 7")
    jobs.dead.add(0)
    ((_, why),) = jobs.events(1)
    assert why == "it is being done by job 7, which another process gave it to"


def test_a_cell_whose_process_dies_is_given_out_three_times(tiny, monkeypatch):
    given = []

    class Dying(Jobs):
        def submit(self, work):
            self.dead.add(len(self.given))
            given.append(work.task.cell.id)
            return super().submit(work)

    monkeypatch.setattr(running, "executor", lambda on, folder, jobs, site: Dying(folder, 1))
    text = tiny[: tiny.index("[[search]]")]
    text += '[[variant]]\nname = "human-designed"\ngenerator = "plain.space"\n'
    study = read_study(text, "tiny", {"seeds": 1})
    (record,) = run(study, StudyFolder(Path("out")), 1, QUIET, on="slurm").values()
    assert (given, record.error, record.final) == ([record.cell] * 3, "job 2 was shot", False)


def test_cells_are_done_by_submitit_here(tiny, monkeypatch):
    """A job that leaves no record is told with its log; another is waited for, and found again."""
    pytest.importorskip("submitit")
    Path("jobs_for_tests.py").write_text(
        "from autorecon.records.cells import CellRecord\n"
        "def do(folder, task, owner):\n"
        "    assert task.cell.seed == 0, 'no such seed'\n"
        "    folder.leave(task.cell, CellRecord(task.cell.id, warnings=[owner]))\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.getcwd(), *filter(None, sys.path)]))
    import jobs_for_tests

    study = read_study(tiny, "tiny", {})
    cells, folder = plan(study), StudyFolder(Path("out").resolve())
    folder.path.mkdir()
    doing = executor("slurm-here", folder, 2, study.cluster)
    doing.do, doing.late = jobs_for_tests.do, 0.0
    bad = next(cell for cell in cells if cell.seed == 1)
    with doing:
        doing.give(Task(cells[0]))
        doing.give(Task(bad))
        assert not doing.free
        jobs = [given.job for given in doing._given.values()]
        found = {}
        end = time.monotonic() + 60
        while len(found) < 2 and time.monotonic() < end:
            found |= {task.cell.id: ended for task, ended in doing.events(1)}
    for job in jobs:
        job.wait()
    assert found[cells[0].id].warnings[0].startswith("here ")
    assert "ended without a record (FINISHED)" in found[bad.id]
    assert found[bad.id].endswith("AssertionError: no such seed")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"minutes": 0}, "cluster.minutes = 0 must be 1 or more"),
        ({"gpus": -1}, "cluster.gpus = -1 must be 0 or more"),
        ({"memory": "much"}, "much"),
    ],
)
def test_what_no_cluster_has_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        Cluster(**values)


def test_a_missing_library_or_slurm_is_told(folder, monkeypatch):
    for place, module, extra in (("slurm", "submitit", "cluster"), ("ray", "ray", "ray")):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, module, None)
            with pytest.raises(StudyError, match=rf"pip install 'autorecon\[{extra}\]'"):
                executor(place, folder, 1, Cluster()).__enter__()
    pytest.importorskip("submitit")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(StudyError, match="slurm"):
        executor("slurm", folder, 1, Cluster()).__enter__()


def test_a_cluster_is_given_as_many_as_it_likes(folder):
    assert executor("slurm", folder, 0, Cluster()).jobs == choose.MOST
    assert executor("slurm", folder, 0, Cluster(jobs=7)).jobs == 7
    assert executor("slurm", folder, 5, Cluster()).jobs == 5


def test_the_end_of_a_log_is_read(tmp_path):
    (tmp_path / "log").write_bytes(b"x" * 9000 + b"\n\nlast \xff line\n\n")
    assert tail(tmp_path / "log") == "last \ufffd line"
    assert tail(tmp_path / "none") == ""


def test_a_cluster_that_does_not_come_up_is_an_error_of_ours(folder, monkeypatch):
    def init(**asked):
        raise Exception("The current node timed out during startup.")

    ray = SimpleNamespace(init=init, is_initialized=lambda: False)
    monkeypatch.setitem(sys.modules, "ray", ray)
    with pytest.raises(StudyError, match="The current node timed out"):
        executor("ray", folder, 1, Cluster()).__enter__()
