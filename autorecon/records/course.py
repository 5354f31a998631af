"""auto.json: the course of `autorecon auto`: rung by rung, what was tried and how it was judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs

from autorecon.records.files import read_record, write_record
from autorecon.records.score import Score

FILE = "auto.json"
FORMAT = 1


@attrs.frozen
class Entry:
    """A candidate on a rung: a short compression, and how surely its student gives the teacher's
    class on images of all that are on the rung, in percent, once that is `judged`.

    `score` is what was measured on real images, where it was; nothing is chosen by it. `settings`
    are what it has otherwise than its method. `error` says why there is nothing.
    """

    name: str
    settings: dict[str, Any] = attrs.Factory(dict)
    judged: float | None = None
    score: Score | None = None
    steps: int = 0
    seconds: float = 0.0
    error: str = ""


@attrs.frozen
class Rung:
    """Compressions of one length, a share of the steps that methods have; `seconds` went by until
    it was judged."""

    length: float
    entries: list[Entry]
    seconds: float = 0.0

    @property
    def done(self) -> bool:
        """Whether it is judged."""
        return any(entry.judged is not None for entry in self.entries)

    @property
    def ranking(self) -> list[Entry]:
        """Those that were judged, the best first."""
        judged = [entry for entry in self.entries if entry.judged is not None]
        return sorted(judged, key=lambda entry: -(entry.judged or 0.0))


@attrs.frozen(kw_only=True)
class Course:
    """The whole file. `lengths` are those of the rungs, of which some are still to come; `sources`
    how long the searches are from which generators come, and the `seconds` that went by meanwhile;
    `notes` what was left out and why, `winner` the best of the last rung."""

    format: int = FORMAT
    teacher: str
    bits: str
    lengths: list[float]
    sources: float = 0.0
    seconds: float = 0.0
    rungs: list[Rung] = attrs.Factory(list)
    notes: list[str] = attrs.Factory(list)
    winner: str = ""


def read_course(folder: Path) -> Course | None:
    """That of a folder; None where there is none. Raises RecordError."""
    return read_record(folder / FILE, Course, formats=(FORMAT,))


def write_course(folder: Path, course: Course) -> None:
    """Raises RunError."""
    write_record(folder / FILE, course)
