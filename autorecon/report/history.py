"""metrics.jsonl as what the charts draw: the search by epoch, and every student by epoch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from autorecon.records.files import REMEDY
from autorecon.records.schema import structured
from autorecon.report.errors import ReportError
from autorecon.runs import read_lines

LIMIT = 64_000_000
"""Bytes: some 5,000 epochs of a space with a thousand edges."""
_STUDENT = re.compile(r"compress/(?P<label>.+)/seed(?P<seed>\d{1,18})")


@attrs.frozen
class SearchEpoch:
    """An epoch of the search; `architecture` is empty while only weights are trained."""

    epoch: int
    weights: dict[str, float]
    architecture: dict[str, float] = attrs.Factory(dict)
    entropy: dict[str, float] = attrs.Factory(dict)
    probabilities: dict[str, list[float]] = attrs.Factory(dict)
    genotype: dict[str, str] = attrs.Factory(dict)


@attrs.frozen
class Student:
    """One student's epochs: `values[e]` holds the numbers of the row of `epochs[e]`."""

    label: str
    seed: int
    epochs: list[int] = attrs.Factory(list)
    values: list[dict[str, float]] = attrs.Factory(list)
    warnings: list[str] = attrs.Factory(list)

    def column(self, name: str) -> tuple[list[int], list[float]]:
        """Epochs, counted from 1, that have `name`, and its values."""
        rows = zip(self.epochs, self.values, strict=True)
        pairs = [(epoch + 1, values[name]) for epoch, values in rows if name in values]
        return [epoch for epoch, _ in pairs], [value for _, value in pairs]


@attrs.frozen
class History:
    """Everything that a run has logged so far."""

    search: list[SearchEpoch]
    students: list[Student]
    damaged: list[str] = attrs.Factory(list)
    """Rows that are left out, a sentence each."""

    @property
    def labels(self) -> list[str]:
        """The students' generators, in the order in which they came."""
        return list(dict.fromkeys(student.label for student in self.students))


def read_history(path: Path, beside: Iterable[Path] = ()) -> History:
    """What the file holds so far, and those `beside` it that hold the rows of stages which run side
    by side until they are among all; nothing if there are none.

    Raises ReportError, RecordError or RunError.
    """
    damaged: list[str] = []
    rows = _rows(path, damaged)
    known = set(map(_place, rows))
    for other in beside:
        found = _rows(other, damaged)
        rows += [row for row in found if _place(row) not in known]
    search = [
        structured(row, SearchEpoch, f"{path}, a search epoch,", REMEDY)
        for row in rows
        if row.get("stage") == "search"
    ]
    return History(search, _students(rows, path), [f"Left out: {line}." for line in damaged])


def _place(row: Mapping[str, Any]) -> str:
    """Of whatever types these are."""
    return f"{row.get('stage')} {row.get('epoch')}"


def _rows(path: Path, damaged: list[str]) -> list[dict[str, Any]]:
    if path.is_file() and path.stat().st_size > LIMIT:
        raise ReportError(f"{path} is larger than {LIMIT:,} bytes: too much for a page")
    return read_lines(path, damaged)


def _students(rows: Iterable[Mapping[str, Any]], path: Path) -> list[Student]:
    students: dict[str, Student] = {}
    for row in rows:
        stage = str(row.get("stage"))
        match = _STUDENT.fullmatch(stage)
        if match is None:
            continue
        student = students.setdefault(stage, Student(match["label"], int(match["seed"])))
        _append(student, row, f"{path}, an epoch of {stage},")
    return list(students.values())


def _append(student: Student, row: Mapping[str, Any], place: str) -> None:
    numbers = {k: v for k, v in row.items() if isinstance(v, int | float)}
    student.values.append(structured(numbers, dict[str, float], place, REMEDY))
    student.epochs.append(structured(row.get("epoch"), int, place, REMEDY))
    if "warning" in row:
        student.warnings.append(str(row["warning"]))
