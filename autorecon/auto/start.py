"""From what is asked for, or a folder, to a course that can be run."""

from __future__ import annotations

from collections.abc import Container
from functools import partial
from pathlib import Path

import attrs
import tomli_w

from autorecon.auto.config import FILE, AutoConfig, stored
from autorecon.auto.prepare import MIRROR, Ready, ready
from autorecon.auto.run import Auto
from autorecon.records.course import FILE as COURSE
from autorecon.records.course import read_course, write_course
from autorecon.runs import Progress, RunError, write_text
from autorecon.study.cluster import Cluster
from autorecon.study.errors import StudyError
from autorecon.study.executors.here import Here
from autorecon.study.folder import StudyFolder
from autorecon.study.provenance import made_by
from autorecon.study.run import Place, place_of
from autorecon.study.work import do_cell
from autorecon.teachers import Teacher
from autorecon.workflow.config import RunConfig, write_config
from autorecon.workflow.prepare import load_teacher
from autorecon.workflow.trust import require_trust


@attrs.frozen(kw_only=True)
class Means:
    """What there is to do it with, `on` one of PLACES; a `teacher` that is given takes the place
    of the one that is named, and then all is done in this process."""

    jobs: int = 1
    memory: str = ""
    on: str = "local"
    teacher: Teacher | None = None

    def place(self, folder: StudyFolder, site: Cluster) -> Place:
        if self.teacher is None:
            return place_of(folder, site, self.jobs, self.memory, self.on)
        return Place(partial(Here, partial(do_cell, folder, teacher=self.teacher)), self.memory)


def start(asked: AutoConfig, out: Path, means: Means, progress: Progress) -> Auto:
    """Check everything, then make the folder. Raises as `ready`, and RunError where the folder
    holds something."""
    _require_free(out)
    folder = StudyFolder(out)
    place = means.place(folder, asked.cluster)
    found = ready(asked, out, means.jobs, progress, means.teacher)
    _begin(found, out)
    return Auto(found.asked, found.teacher, folder, place, means.jobs, progress, found.course)


def resume(
    path: Path, means: Means, progress: Progress, trust: bool = True, given: Container[str] = ()
) -> Auto:
    """Go on with what a folder holds. Raises StudyError where that is nothing, and ConfigError,
    without `trust`, where it names Python that would be imported."""
    asked, course = stored(path), read_course(path)
    if course is None:
        raise StudyError(f"{path / COURSE} is gone, which says how far this had come: start anew")
    require_trust(asked.code, path, trust, given)
    folder = StudyFolder(path)
    teacher = means.teacher or load_teacher(RunConfig(teacher=asked.teacher))
    place = means.place(folder, asked.cluster)
    return Auto(asked, teacher, folder, place, means.jobs, progress, course)


def _require_free(out: Path) -> None:
    """Raise RunError for a folder that holds more than what a kill at the very start leaves."""
    names = {file.name for file in out.iterdir()} if out.is_dir() else set()
    if FILE in names:
        raise RunError(f"{out} was begun before: go on with --resume {out}, or name another folder")
    if foreign := names - {".lock", COURSE, f"{MIRROR}.space"}:
        raise RunError(f"{out} is not empty (it holds {min(foreign)}): name another folder")


def _begin(found: Ready, out: Path) -> None:
    """Make the folder, which auto.toml makes one to go on with. Two may have looked at once."""
    values = write_config(found.asked) | {"software": dict(made_by())}
    with StudyFolder(out).lock():
        _require_free(out)
        if found.mirrored:
            write_text(out / f"{MIRROR}.space", found.mirrored)
        write_course(out, found.course)
        write_text(out / FILE, tomli_w.dumps(values))
