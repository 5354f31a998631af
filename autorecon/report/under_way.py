"""The page of an `autorecon auto` that is not done: how far it has come, and how it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from os.path import isfile
from pathlib import Path
from typing import Any

import attrs

from autorecon.lang.wording import plural
from autorecon.reading import read_bounded
from autorecon.records.cells import CellLog, CellRecord
from autorecon.records.course import Course, Rung, Work, read_course
from autorecon.report.course import JUDGE, rung_tables, worth
from autorecon.report.history import read_history
from autorecon.report.inputs import section_of
from autorecon.report.page import excerpt, html
from autorecon.runs import RunError, RunFolder, check_contained, duration
from autorecon.runs.folder import AUTO

LIMIT = 16_000_000
"""Bytes of auto.toml."""

Records = Mapping[str, CellRecord]


@attrs.frozen
class UnderWay:
    """A course that has no best yet, its last rung with what its trials brought so far, and how far
    each cell under way is, by its id."""

    folder: Path
    course: Course
    records: Records
    states: Mapping[str, str]

    @property
    def rung(self) -> Rung | None:
        """The last one that was begun."""
        return self.course.rungs[-1] if self.course.rungs else None

    @property
    def resume(self) -> str:
        """The line that goes on with it."""
        return f"autorecon auto --resume {self.folder}"


def is_under_way(folder: Path) -> bool:
    """Whether there is a course in a folder that is no run yet."""
    # Not as paths ask, for whom names that are too long, or forbidden, are errors.
    return isfile(folder / AUTO) and not isfile(RunFolder(folder, {}).config_path)


def under_way(folder: Path) -> UnderWay | None:
    """None where there is none. Raises RecordError or RunError, naming the
    file that is malformed."""
    if not is_under_way(folder):
        return None
    check_contained(folder)
    course = read_course(folder)
    if course is None:
        return None
    records = CellLog(folder / "records.jsonl").read()
    states = {work.cell: _state(folder, work, records.get(work.cell)) for work in course.work}
    return UnderWay(folder, _told(course, records), records, states)


def _told(course: Course, records: Records) -> Course:
    """With what trials of the rung under way brought, as far as they have ended."""
    if not course.rungs or len(course.work) != len(course.rungs[-1].entries):
        return course
    rung = course.rungs[-1]
    pairs = zip(rung.entries, course.work, strict=True)
    entries = [one.told(records[w.cell]) if w.cell in records else one for one, w in pairs]
    return attrs.evolve(course, rungs=[*course.rungs[:-1], attrs.evolve(rung, entries=entries)])


def _state(folder: Path, work: Work, record: CellRecord | None) -> str:
    if record:
        return "failed" if record.error else "done"
    begun = folder / "work" / work.folder
    return _epochs(begun) if begun.is_dir() else "waits"


def _epochs(folder: Path) -> str:
    """How far a search or a compression has come."""
    try:
        run = RunFolder.open(folder)
    except RunError:  # it is over meanwhile
        return "begun"
    beside = sorted(run.checkpoint_path.glob("compress/**/metrics.jsonl"))
    history = read_history(run.metrics_path, beside)
    kind = "search" if run.config.get("command") == "search" else "compress"
    done = len(history.search) or sum(len(student.epochs) for student in history.students)
    epochs = section_of(run, kind).get("epochs")
    return f"{done} of {plural(epochs, 'epoch')}" if isinstance(epochs, int) else "begun"


def render(found: UnderWay, *, live: bool = False) -> str:
    """The page's HTML, as `page.render` has it."""
    course = found.course
    return html("course.html", _context(found, course), live)


def _context(found: UnderWay, course: Course) -> dict[str, Any]:
    rung = found.rung
    states = [found.states.get(work.cell, "waits") for work in course.work]
    if rung and not rung.done and len(states) != len(rung.entries):
        states = ["waits"] * len(rung.entries)
    seconds = course.seconds + sum(one.seconds for one in course.rungs)
    return {
        "title": f"{course.bits} of {course.teacher}",
        "verdict": _verdict(found),
        "resume": found.resume,
        "facts": [("Time, of what is judged", duration(seconds))] if seconds else [],
        "sources": [] if rung else [_source(found, work) for work in course.work],
        "course": course,
        "rungs": rung_tables(course, states),
        "worth": worth(course),
        "judge": JUDGE,
        "settings": excerpt(_asked(found.folder / AUTO)),
    }


def _asked(file: Path) -> str:
    try:
        return read_bounded(file, LIMIT).decode("utf-8", "replace")
    except OSError as error:
        raise RunError(f"cannot read {file}: {error.strerror}") from error


def _verdict(found: UnderWay) -> str:
    course, rung = found.course, found.rung
    ended = sum(state in ("done", "failed") for state in found.states.values())
    if rung is None:
        of = f", {ended} of {len(course.work)} so far" if course.work else ""
        return f"Not done: generators are searched for and drawn{of}."
    ahead = next((one.ranking[0].name for one in reversed(course.rungs) if one.done), "")
    which = f"rung {len(course.rungs)} of {len(course.lengths)}"
    if rung.done:
        return f"Not done: {which} is judged, and {ahead} is ahead."
    before = f"; {ahead} was ahead on the one before" if ahead else ""
    students = plural(len(rung.entries), "student")
    return f"Not done: {ended} of {students} of {which} are done{before}."


def _source(found: UnderWay, work: Work) -> tuple[str, str, str]:
    """What a generator comes from, how far that is, and how long it took."""
    record = found.records.get(work.cell)
    name = work.cell.partition("/")[2].rpartition("/")[0]
    state = record.error if record and record.error else found.states[work.cell]
    return name, state, duration(record.seconds) if record else ""
