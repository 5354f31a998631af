"""What `auto` needs, found and checked before anything is tried."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs

from autorecon.auto.candidates import controls
from autorecon.auto.config import AutoConfig, shipped
from autorecon.auto.course import (
    LEAST,
    MOST,
    SHORTEST,
    Pace,
    count_within,
    lengths_of_time,
    lengths_of_trials,
)
from autorecon.auto.for_teacher import candidates_for, human_of, polishes
from autorecon.compress import CompressError
from autorecon.mirror import mirror
from autorecon.records.course import Course, Entry
from autorecon.runs import Progress, write_text
from autorecon.study.cells import Cell, plan
from autorecon.study.check import check
from autorecon.study.errors import StudyError
from autorecon.study.spec import Variant, slug
from autorecon.teachers import Teacher, TeacherError
from autorecon.workflow.config import structured
from autorecon.workflow.memory import fitted
from autorecon.workflow.precision import pace
from autorecon.workflow.prepare import bind, load_teacher, prepare
from autorecon.workflow.stages import set_threads

MIRROR = "mirror"
SEARCHING = 0.5
"""The length of a search, of that of a compression."""
SHARE = 0.25
"""Of the time, so much at most for searches: those that do not end in it are given up."""
QUIET = Progress(quiet=True)


@attrs.frozen
class Ready:
    """What is asked for as it can be done here: without the spaces that do not fit the teacher,
    and why; `mirrored` is the text of the one that is made for it, whose file is called MIRROR."""

    asked: AutoConfig
    teacher: Teacher
    course: Course
    mirrored: str = ""


def ready(asked: AutoConfig, jobs: int, progress: Progress, given: Teacher | None = None) -> Ready:
    """Look at the teacher, its data and the spaces.

    A teacher that is given takes the place of the one that is named. Raises the error of whatever
    is missing or does not fit, and StudyError where time is too short.
    """
    set_threads(1)  # as those have who do the work
    notes = list[str]()
    teacher = _checked(asked, given)
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"{MIRROR}.space"
        asked, mirrored = _mirrored(asked, teacher, file, notes)
        asked = _fitting(asked, teacher, notes)
        if not polishes(teacher):
            notes.append(f"no images are polished: {teacher.name} has no BatchNorm statistics")
        asked = with_file(asked, str(file), MIRROR)
    for line in notes:
        progress.say(line)
    share = 1 - SHARE if source_cells(asked, asked.candidate, 1.0) else 1.0
    lengths, tried = planned(asked, teacher, jobs, asked.seconds, share)
    plan(asked.study(tried, 1.0))  # raises what is wrong with their settings
    course = Course(
        teacher=teacher.name,
        bits=asked.bits,
        lengths=lengths,
        sources=SEARCHING * lengths[-1],
        notes=notes,
    )
    return Ready(asked, teacher, course, mirrored)


def planned(
    asked: AutoConfig,
    teacher: Teacher,
    jobs: int,
    seconds: float,
    share: float = 1.0,
    begun: bool = False,
) -> tuple[list[float], list[Variant]]:
    """The lengths of all rungs, and the candidates of the first; by how long a step takes now,
    where they are to take a share of so many seconds. Raises StudyError where that is too short for
    anything; what has `begun` has one rung then."""
    (cell,) = plan(asked.study(controls(human_of(teacher))[1:], 1.0))
    ticks = cell.config.compress.ticks
    if asked.trials:
        return lengths_of_trials(asked.trials, ticks), candidates_for(teacher, asked, asked.trials)
    start = time.perf_counter()
    prepared = fitted(prepare(cell.config, teacher), QUIET)
    begin = time.perf_counter() - start
    taken = Pace(begin, ticks * pace("compress", prepared))
    try:
        lengths = lengths_of_time(seconds, taken, ticks, jobs, share)
    except StudyError:
        if not begun:
            raise
        return [SHORTEST / ticks], candidates_for(teacher, asked, LEAST)
    count = count_within(share * seconds / len(lengths), taken, lengths[0], jobs, MOST)
    return lengths, candidates_for(teacher, asked, count)


def without_sources(asked: AutoConfig, failed: Sequence[Cell]) -> tuple[AutoConfig, list[str]]:
    """Without the candidates whose generators were to come from these, and their names."""
    gone = {cell.place.split("/")[1] for cell in failed}
    lost = [
        one
        for one in asked.candidate
        if f"{'search' if one.discovered else 'draw'}-{slug(one.source)}" in gone
    ]
    kept = [one for one in asked.candidate if one not in lost]
    return attrs.evolve(asked, candidate=kept), [one.name for one in lost]


def entry(candidate: Variant) -> Entry:
    """What the course says of a candidate before it is tried."""
    own = attrs.asdict(candidate, filter=lambda field, value: field.name != "name" and bool(value))
    return Entry(candidate.name, own)


def variant(entry: Entry) -> Variant:
    """The candidate of an entry. Raises ConfigError where its settings are none."""
    return structured(entry.settings | {"name": entry.name}, Variant)


def source_cells(asked: AutoConfig, candidates: Sequence[Variant], length: float) -> list[Cell]:
    """What candidates have their generators from: searches, and draws."""
    sourced = [one for one in candidates if one.source]
    if not sourced:
        return []
    return [cell for cell in plan(asked.study(sourced, length)) if cell.kind != "compress"]


def _checked(asked: AutoConfig, given: Teacher | None) -> Teacher:
    """The teacher, whose data is there, and which can be compressed with the controls."""
    (noise,) = plan(asked.study(controls("")[:1], 1.0, asked.measure != "none"))
    teacher = given or load_teacher(noise.config)
    check([noise], {noise.id: None}, teacher)
    (human,) = plan(asked.study(controls(human_of(teacher))[1:], 1.0))
    check([human], {human.id: None}, teacher)
    return teacher


def _mirrored(
    asked: AutoConfig, teacher: Teacher, file: Path, notes: list[str]
) -> tuple[AutoConfig, str]:
    """With the space that mirrors the teacher in a file, and its text; without where there is
    nothing to be mirrored. Its generators take no more than the human-designed one."""
    if not any(search.space.get("file") == MIRROR for search in asked.search):
        return asked, ""
    try:
        most = bind(human_of(teacher), {}, teacher).cost.macs.max
        text = mirror(teacher, macs=most).text
    except (TeacherError, CompressError) as error:
        notes.append(f"no space mirrors {teacher.name}: {error}")
        named = [s.name for s in asked.search if s.space.get("file") == MIRROR]
        return _without(asked, named), ""
    write_text(file, text)
    return with_file(asked, MIRROR, str(file)), text


def with_file(asked: AutoConfig, file: str, other: str) -> AutoConfig:
    """With another file of a space."""
    searches = [
        attrs.evolve(s, space={**s.space, "file": other}) if s.space.get("file") == file else s
        for s in asked.search
    ]
    return attrs.evolve(asked, search=searches)


def _fitting(asked: AutoConfig, teacher: Teacher, notes: list[str]) -> AutoConfig:
    """Without those of the shipped searches that are not for this teacher."""
    own = {search["name"] for search in shipped()["search"]}
    for search in asked.search:
        try:
            (cell,) = source_cells(asked, [Variant("it", discovered=search.name)], 1.0)
            check([cell], {cell.id: None}, teacher)
        except Exception as error:
            if search.name not in own or getattr(error, "exit_code", None) is None:
                raise
            notes.append(f"{search.name} is left out: {error}")
            asked = _without(asked, [search.name])
    return asked


def _without(asked: AutoConfig, names: Sequence[str]) -> AutoConfig:
    """Without these searches, and the candidates that have their generators from them."""
    return attrs.evolve(
        asked,
        search=[search for search in asked.search if search.name not in names],
        candidate=[one for one in asked.candidate if one.source not in names],
    )
