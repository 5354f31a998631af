"""auto.json: the course of `autorecon auto`: rung by rung, what was tried and how it was judged."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import attrs

from autorecon.records.cells import CellRecord
from autorecon.records.files import read_record, write_record
from autorecon.records.schema import NOT_NEGATIVE
from autorecon.records.score import Score

FILE = "auto.json"
FORMAT = 1


_FINITE = attrs.validators.and_(attrs.validators.gt(-math.inf), attrs.validators.lt(math.inf))


def _are_lengths(record: Any, field: Any, values: list[float]) -> None:
    if not values or not all(0 < value < math.inf for value in values):
        raise ValueError(f"{field.name} are not one a rung, above 0")


def _has_tables(record: Any, field: Any, settings: dict[str, Any]) -> None:
    if not isinstance(settings.get("compress", {}), dict):
        raise ValueError(f"{field.name} have a compress that is no table")


def _is_some(record: Any, field: Any, entries: list[Entry]) -> None:
    names = {entry.name for entry in entries}
    if not entries or len(names) < len(entries):
        raise ValueError("a rung has no candidate, or one twice")


@attrs.frozen
class Entry:
    """A candidate on a rung: a short compression, and how much of what the teacher's layers give
    its student's give, in percent, on images that none learned from, once that is `judged`.

    `score` is what was measured on real images, where it was; nothing is chosen by it. `settings`
    are what it has otherwise than its method. `error` says why there is nothing.
    """

    name: str
    settings: dict[str, Any] = attrs.field(factory=dict, validator=_has_tables)
    judged: float | None = attrs.field(default=None, validator=attrs.validators.optional(_FINITE))
    score: Score | None = None
    steps: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    seconds: float = attrs.field(default=0.0, validator=NOT_NEGATIVE)
    error: str = ""

    def told(self, record: CellRecord) -> Entry:
        """With what its trial brought."""
        score = Score(record.accuracy, record.agreement, record.divergence)
        return attrs.evolve(
            self,
            score=score if score.figure is not None else None,
            steps=record.steps,
            seconds=record.seconds,
            error=record.error,
        )


def _is_digest(work: Any, field: Any, value: str) -> None:
    """It names a folder."""
    if not re.fullmatch(r"[0-9a-f]{1,64}", value):
        raise ValueError(f"{value!r:.60} is no name of a folder of work/")


@attrs.frozen
class Work:
    """A cell under way: its id in records.jsonl, and its folder in work/, once it is begun."""

    cell: str
    folder: str = attrs.field(validator=_is_digest)


@attrs.frozen
class Rung:
    """Compressions of one length, a share of the steps that methods have; `seconds` went by until
    it was judged."""

    length: float = attrs.field(validator=[attrs.validators.gt(0.0), NOT_NEGATIVE])
    entries: list[Entry] = attrs.field(validator=_is_some)
    seconds: float = attrs.field(default=0.0, validator=NOT_NEGATIVE)

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
    """The whole file, written anew at each step.

    `lengths` are those of the rungs, of which some are still to come; `sources` how long the
    searches are from which generators come, and the `seconds` that went by meanwhile; `notes` what
    was left out and why, `winner` the best of the last rung. `work` is what is under way: searches
    and draws before the first rung, then trials, in the order of the last rung's entries.
    """

    format: int = FORMAT
    teacher: str
    bits: str
    lengths: list[float] = attrs.field(validator=_are_lengths)
    sources: float = attrs.field(default=0.0, validator=NOT_NEGATIVE)
    seconds: float = attrs.field(default=0.0, validator=NOT_NEGATIVE)
    rungs: list[Rung] = attrs.Factory(list)
    notes: list[str] = attrs.Factory(list)
    winner: str = ""
    work: list[Work] = attrs.Factory(list)

    def __attrs_post_init__(self) -> None:
        if len(self.rungs) > len(self.lengths):
            raise ValueError(f"{len(self.rungs)} rungs have {len(self.lengths)} lengths")
        last = self.rungs[-1].ranking if self.rungs else []
        if self.winner and self.winner not in {entry.name for entry in last}:
            raise ValueError(f"the winner {self.winner!r:.60} is none that was judged last")


def read_course(folder: Path) -> Course | None:
    """That of a folder; None where there is none. Raises RecordError."""
    return read_record(folder / FILE, Course, formats=(FORMAT,))


def write_course(folder: Path, course: Course) -> None:
    """Raises RunError."""
    write_record(folder / FILE, course)
