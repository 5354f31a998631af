"""What `auto` needs, found and checked before anything is tried."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs

from autorecon.auto.candidates import candidates, controls
from autorecon.auto.config import AutoConfig, shipped
from autorecon.auto.course import (
    MOST,
    Pace,
    count_within,
    lengths_of_time,
    lengths_of_trials,
)
from autorecon.compress import CompressError
from autorecon.mirror import mirror
from autorecon.records.course import Course, Entry, Rung
from autorecon.runs import Progress, duration, write_text
from autorecon.study.cells import Cell, plan
from autorecon.study.check import check
from autorecon.study.spec import Variant
from autorecon.teachers import Teacher, TeacherError
from autorecon.workflow.memory import fitted
from autorecon.workflow.precision import pace
from autorecon.workflow.prepare import Prepared, bind, load_teacher, prepare
from autorecon.workflow.spaces import human_designed
from autorecon.workflow.stages import set_threads

MIRROR = "mirror"
SEARCHING = 0.5
"""The length of a search, of that of a compression."""
SHARE = 0.3
"""Of the time, so much at most for searches."""
QUIET = Progress(quiet=True)


@attrs.frozen
class Ready:
    """What is asked for as it can be done here: without the spaces that do not fit the teacher,
    and why; `mirrored` is the text of the one that is made for it."""

    asked: AutoConfig
    teacher: Teacher
    course: Course
    mirrored: str = ""


def ready(
    asked: AutoConfig, out: Path, jobs: int, progress: Progress, given: Teacher | None = None
) -> Ready:
    """Look at the teacher, its data and the spaces, and decide on the rungs.

    A teacher that is given takes the place of the one that is named. Raises the error of whatever
    is missing or does not fit, and StudyError where time is too short.
    """
    set_threads(1)  # as those have who do the work
    start, notes = time.perf_counter(), list[str]()
    teacher, human = _controls(asked, given)
    begin, ticks = time.perf_counter() - start, _control(asked, human).config.compress.ticks
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"{MIRROR}.space"
        asked, mirrored = _mirrored(asked, teacher, human, file, notes)
        asked = _fitting(asked, teacher, notes)
        if asked.trials:
            lengths, count = lengths_of_trials(asked.trials, ticks), asked.trials
        else:
            taken = Pace(begin, ticks * pace("compress", _prepared(asked, human, teacher)))
            lengths = lengths_of_time(asked.seconds, taken, ticks, jobs)
            asked, left = _affordable(asked, teacher, lengths[-1], jobs, notes)
            count = count_within(left / len(lengths), taken, lengths[0], jobs, MOST)
        asked = _with_file(asked, str(file), str(out / file.name))
    for line in notes:
        progress.say(line)
    rung = Rung(lengths[0], [entry(one) for one in candidates(asked, human, count)])
    course = Course(
        teacher=teacher.name, bits=asked.bits, lengths=lengths, rungs=[rung], notes=notes
    )
    return Ready(asked, teacher, course, mirrored)


def entry(candidate: Variant) -> Entry:
    """What the course says of a candidate before it is tried."""
    own = attrs.asdict(candidate, filter=lambda field, value: field.name != "name" and bool(value))
    return Entry(candidate.name, own)


def variant(entry: Entry) -> Variant:
    """The candidate of an entry."""
    return Variant(entry.name, **entry.settings)


def search_cells(asked: AutoConfig, candidates: Sequence[Variant], length: float) -> list[Cell]:
    """What candidates have their generators from: searches, and draws."""
    sourced = [one for one in candidates if one.source]
    if not sourced:
        return []
    return [c for c in plan(asked.study(sourced, SEARCHING * length)) if c.kind != "compress"]


def _controls(asked: AutoConfig, given: Teacher | None) -> tuple[Teacher, str]:
    """The teacher, and the human-designed generator for it; with both of which all is well."""
    (noise,) = plan(asked.study(controls("")[:1], 1.0, asked.measure != "none"))
    teacher = given or load_teacher(noise.config)
    check([noise], {noise.id: None}, teacher)
    human = human_designed(max(teacher.image_shape[1:]))
    _prepared(asked, human, teacher)
    return teacher, human


def _control(asked: AutoConfig, human: str) -> Cell:
    (cell,) = plan(asked.study(controls(human)[1:], 1.0))
    return cell


def _prepared(asked: AutoConfig, human: str, teacher: Teacher) -> Prepared:
    """The human-designed generator's compression."""
    return fitted(prepare(_control(asked, human).config, teacher), QUIET)


def _mirrored(
    asked: AutoConfig, teacher: Teacher, human: str, file: Path, notes: list[str]
) -> tuple[AutoConfig, str]:
    """With the space that mirrors the teacher in a file, and its text; without where there is
    nothing to be mirrored. Its generators take no more than the human-designed one."""
    if not any(search.space.get("file") == MIRROR for search in asked.search):
        return asked, ""
    try:
        text = mirror(teacher, macs=bind(human, {}, teacher).cost.macs.max).text
    except (TeacherError, CompressError) as error:
        notes.append(f"no space mirrors {teacher.name}: {error}")
        return _without(asked, [s.name for s in asked.search if s.space["file"] == MIRROR]), ""
    write_text(file, text)
    return _with_file(asked, MIRROR, str(file)), text


def _with_file(asked: AutoConfig, file: str, other: str) -> AutoConfig:
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
            check([_search_cell(asked, search.name, 1.0)], defaultdict(lambda: None), teacher)
        except Exception as error:
            if search.name not in own or getattr(error, "exit_code", None) is None:
                raise
            notes.append(f"{search.name} is left out: {error}")
            asked = _without(asked, [search.name])
    return asked


def _affordable(
    asked: AutoConfig, teacher: Teacher, length: float, jobs: int, notes: list[str]
) -> tuple[AutoConfig, float]:
    """Without searches for which there is no time, and the seconds that the others leave."""
    most = left = SHARE * asked.seconds * jobs
    for name in dict.fromkeys(one.discovered for one in asked.candidate if one.discovered):
        cell = _search_cell(asked, name, length)
        # A pace is that of two steps, one of the weights and one of the architecture.
        takes = cell.steps / 2 * pace("search", fitted(prepare(cell.config, teacher), QUIET))
        if takes <= left:
            left -= takes
            continue
        notes.append(f"{name} is not searched, which would take about {duration(takes)}")
        found = [one for one in asked.candidate if one.discovered != name]
        asked = attrs.evolve(asked, candidate=found)
    return asked, asked.seconds - (most - left) / jobs


def _search_cell(asked: AutoConfig, name: str, length: float) -> Cell:
    (cell,) = search_cells(asked, [Variant(name, discovered=name)], length)
    return cell


def _without(asked: AutoConfig, names: Sequence[str]) -> AutoConfig:
    """Without these searches, and the candidates that have their generators from them."""
    return attrs.evolve(
        asked,
        search=[search for search in asked.search if search.name not in names],
        candidate=[one for one in asked.candidate if one.source not in names],
    )
