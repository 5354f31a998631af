"""From what is asked for, or a folder, to a course that can be run."""

from __future__ import annotations

from collections.abc import Callable, Container
from functools import partial
from pathlib import Path

import attrs
import tomli_w

from autorecon.auto.config import FILE, AutoConfig, stored
from autorecon.auto.prepare import MIRROR, Ready, ready, variant, with_file
from autorecon.auto.run import Auto
from autorecon.records.course import FILE as COURSE
from autorecon.records.course import Course, read_course, write_course
from autorecon.runs import Progress, RunError, check_contained, require_place, write_text
from autorecon.runs.seals import sealed_toml
from autorecon.study.cluster import Cluster
from autorecon.study.errors import StudyError
from autorecon.study.executors.here import Here
from autorecon.study.folder import StudyFolder
from autorecon.study.provenance import made_by
from autorecon.study.run import Place, place_of
from autorecon.study.work import do_cell
from autorecon.teachers import Teacher
from autorecon.workflow.config import RunConfig, write_config
from autorecon.workflow.memory import bytes_of
from autorecon.workflow.prepare import load_teacher
from autorecon.workflow.trust import require_trust


@attrs.frozen(kw_only=True)
class Means:
    """What there is to do it with, `on` one of PLACES; a `teacher` that is given takes the place
    of the one that is named, and then all is done in this process. Raises ConfigError for memory
    that is no size."""

    jobs: int = 1
    memory: str = ""
    on: str = "local"
    teacher: Teacher | None = None

    def __attrs_post_init__(self) -> None:
        if self.memory:
            bytes_of(self.memory)

    def at_a_time(self, site: Cluster) -> int:
        """How many trials; a cluster may say its own number."""
        return self.jobs if self.on == "local" else site.jobs or self.jobs

    def place(self, folder: StudyFolder, site: Cluster) -> Place:
        if self.teacher is None:
            return place_of(folder, site, self.jobs, self.memory, self.on)
        return Place(partial(Here, partial(do_cell, folder, teacher=self.teacher)), self.memory)


def start(
    asked: AutoConfig, out: Path | Callable[[], Path], means: Means, progress: Progress
) -> Auto:
    """Check everything, then make the folder, or have it made. Raises as `ready`, and RunError
    where the folder holds something."""
    if isinstance(out, Path):
        _require_free(out)
    jobs = means.at_a_time(asked.cluster)
    found = ready(asked, jobs, progress, means.teacher)
    folder = StudyFolder(out if isinstance(out, Path) else out())
    asked = _begin(found, folder)
    place = means.place(folder, asked.cluster)
    return Auto(asked, found.teacher, folder, place, jobs, progress, found.course)


def resume(
    path: Path, means: Means, progress: Progress, trust: bool = False, given: Container[str] = ()
) -> Auto:
    """Go on with what a folder holds. Raises StudyError where that is nothing, and ConfigError,
    without `trust`, where it names Python that would be imported."""
    if path.is_dir():
        check_contained(path)
    asked, course = stored(path), read_course(path)
    if course is None:
        raise StudyError(f"{path / COURSE} is gone, which says how far this had come: start anew")
    require_trust([*asked.code, *_code_of(course)], path, trust, given)
    folder = StudyFolder(path)
    teacher = means.teacher or load_teacher(RunConfig(teacher=asked.teacher))
    place = means.place(folder, asked.cluster)
    jobs = means.at_a_time(asked.cluster)
    return Auto(asked, teacher, folder, place, jobs, progress, course)


def _code_of(course: Course) -> list[str]:
    """Python that its candidates name."""
    tried = [variant(one) for rung in course.rungs for one in rung.entries]
    return [name for one in tried for name in one.ops]


def _require_free(out: Path) -> None:
    """Raise RunError for a folder that cannot be made, or holds more than what a kill at the very
    start leaves."""
    require_place(out / FILE)
    names = {file.name for file in out.iterdir()} if out.is_dir() else set()
    if FILE in names:
        raise RunError(f"{out} was begun before: go on with --resume {out}, or name another folder")
    if foreign := names - {".lock", COURSE, f"{MIRROR}.space"}:
        raise RunError(f"{out} is not empty (it holds {min(foreign)}): name another folder")


def _begin(found: Ready, folder: StudyFolder) -> AutoConfig:
    """Make the folder, which auto.toml makes one to go on with, from wherever that is asked for.
    Two may have looked at once."""
    out, mirrored = folder.path, folder.path.resolve() / f"{MIRROR}.space"
    asked = with_file(found.asked, MIRROR, str(mirrored))
    values = write_config(asked) | {"software": dict(made_by())}
    with folder.lock():
        _require_free(out)
        if found.mirrored:
            write_text(mirrored, found.mirrored)
        write_course(out, found.course)
        write_text(out / FILE, sealed_toml(tomli_w.dumps(values)))
    return asked
