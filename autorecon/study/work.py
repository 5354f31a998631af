"""Doing one cell: as `autorecon search` and `autorecon compress` do it, in a run folder."""

from __future__ import annotations

import errno
import shutil
import time
import traceback
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import attrs

from autorecon.graph import Space
from autorecon.graph.sampling.sample import valid_sample
from autorecon.objective import DivergedError
from autorecon.records.cells import CellRecord, Made
from autorecon.records.score import Score
from autorecon.runs import DamagedError, Progress, RunFolder, load_state, read_stages
from autorecon.study.cells import Task
from autorecon.study.folder import StudyFolder
from autorecon.study.provenance import made_by
from autorecon.teachers import Teacher
from autorecon.workflow import run as workflow
from autorecon.workflow.config import RunConfig, TeacherConfig, write_config
from autorecon.workflow.exam import Exam
from autorecon.workflow.prepare import Prepared, load_teacher, prepare
from autorecon.workflow.select import SelectionError
from autorecon.workflow.trust import code_of

_OF_FILES = (0, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG)
"""What is wrong with a file that settings name, whatever the system has room for."""


def do_cell(
    folder: StudyFolder, task: Task, progress: Progress, teacher: Teacher | None = None
) -> CellRecord:
    """Do a cell, or what is left of it, and give its record, for the study's process to write. A
    teacher that is given takes the place of the one that is named.

    Nothing is raised for what goes wrong in it: the record says so, for the others to go on. Its
    work stays until the record is written, so that one which is lost is made again in no time.
    """
    cell = task.cell
    settings = write_config(cell.config)
    blank = CellRecord(cell.id, settings, steps=cell.steps, software=dict(made_by()))
    try:
        teacher = teacher or _teacher(folder, task.config)
        return attrs.evolve(blank, **_DO[cell.kind](folder, task, progress, teacher))
    except (DivergedError, SelectionError) as error:
        return attrs.evolve(blank, error=f"diverged: {error}")
    except Exception as error:
        return attrs.evolve(blank, error=_told(error), final=False, refused=_is_refused(error))


def _search(
    folder: StudyFolder, task: Task, progress: Progress, teacher: Teacher
) -> dict[str, Any]:
    run, prepared = _open(folder, task, progress, teacher)
    found = workflow.search(run, prepared, progress)
    return _found(prepared.space, found) | {"seconds": _seconds(run)}


def _draw(folder: StudyFolder, task: Task, progress: Progress, teacher: Teacher) -> dict[str, Any]:
    start = time.perf_counter()
    space = prepare(task.cell.config, teacher).space
    # A string seeds the same way in every process and version.
    found = space.genotype(valid_sample(space, Random(f"drawn {task.cell.seed}")))
    return _found(space, found) | {"seconds": round(time.perf_counter() - start, 3)}


def _found(space: Space, genotype: Space) -> dict[str, Any]:
    return {
        "generator": _made(genotype),
        "fingerprint": space.fingerprint,
        "genotype": space.architecture_id(genotype),
    }


def _compress(
    folder: StudyFolder, task: Task, progress: Progress, teacher: Teacher
) -> dict[str, Any]:
    cell = task.cell
    run, prepared = _open(folder, task, progress, teacher)
    record = folder.images_path(cell) if cell.images else None
    known = _known(folder.path.resolve(), cell.config.teacher)
    known.exam = known.exam or prepared.exam
    prepared = attrs.evolve(prepared, exam=known.exam, invents=False)
    results = workflow.compress(run, prepared, progress, record=record)
    (row,) = results.rows
    last, calibrated = row.last or Score(), row.calibrated or Score()
    return {
        **attrs.asdict(last),
        "calibrated": calibrated.figure,
        "calibrated_agreement": calibrated.agreement,
        "full_precision": results.teacher.accuracy,
        "generator": _made(prepared.space) if prepared.generator else None,
        "fingerprint": prepared.space.fingerprint if prepared.generator else "",
        "warnings": [*_smaller(cell.config, prepared.config), *row.warnings],
        "seconds": _seconds(run),
    }


def _smaller(asked: RunConfig, fitted: RunConfig) -> list[str]:
    """What of a cell was made smaller to fit into this machine, and makes it another cell."""
    batch, own = fitted.compress.batch, asked.compress.batch
    return [] if batch == own else [f"a batch has {batch} images, not {own}, to fit into memory"]


@attrs.define
class _Known:
    """What this process keeps of a study's teacher for its other cells: what the network computes
    is captured once, and what it answers is asked for once."""

    teacher: Teacher | None = None
    exam: Exam | None = None


@cache
def _known(folder: Path, teacher: TeacherConfig) -> _Known:
    return _Known()


def _teacher(folder: StudyFolder, config: RunConfig) -> Teacher:
    known = _known(folder.path.resolve(), config.teacher)
    known.teacher = known.teacher or load_teacher(config)
    return known.teacher


_DO = {"search": _search, "draw": _draw, "compress": _compress}


def _open(
    folder: StudyFolder, task: Task, progress: Progress, teacher: Teacher
) -> tuple[RunFolder, Prepared]:
    """The cell's run folder, which is there whole or not at all, however a start was cut short."""
    cell = task.cell
    path = folder.work_path(cell)
    if not _is_whole(RunFolder(path, {}).images_path):
        shutil.rmtree(path)  # it was begun with them
    if cell.images and not _is_whole(folder.images_path(cell)):
        folder.images_path(cell).unlink(missing_ok=True)
    if not path.exists():
        new = path.with_name(f"{path.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        run, _ = workflow.start(new, task.config, progress, teacher)
        if cell.images and folder.images_path(cell).exists():
            # Kept with the run: those of the study go when no cell is left to begin with them.
            shutil.copyfile(folder.images_path(cell), run.images_path)
        new.rename(path)
    # Of code that it names no other than the study does is imported.
    return workflow.resume(path, cell.config.command, teacher, given=code_of(task.config))


def _is_whole(images: Path) -> bool:
    """Whether a recording of images is what was written, if it is there."""
    try:
        if images.exists():
            load_state(images)
    except DamagedError:
        return False
    return True


def _made(space: Space) -> Made:
    return Made(space.cost.parameters.max, space.cost.macs.max)


def _seconds(run: RunFolder) -> float:
    """What the stages took, over all interruptions."""
    return round(
        sum(row.get("seconds", 0.0) for row in read_stages(run.metrics_path, damaged=[])), 3
    )


def _is_refused(error: BaseException | None) -> bool:
    """Whether the system is behind it, and not that something is not there or no such file."""
    while error is not None:
        if isinstance(error, OSError) and error.errno not in _OF_FILES:
            return True
        error = error.__cause__
    return False


def _told(error: Exception) -> str:
    """One line; for what nobody foresaw, the place as well."""
    if getattr(error, "exit_code", None) is not None:
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"
