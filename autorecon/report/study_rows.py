"""The table of a study as rows of text, the same for every format."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from autorecon.graph.draw.labels import size_text
from autorecon.lang.wording import plural, visible
from autorecon.report.wording import MINUS, PLUS_MINUS
from autorecon.study.rows import Row
from autorecon.study.statistics import Sample

COLUMNS = (
    "teacher",
    "compressed to",
    "variant",
    "accuracy, %",
    "agreement, %",
    "divergence, nats",
    "difference",
    "95 % interval",
    "runs",
    "weights",
    "MACs",
    "published, %",
)
NUMBERS = frozenset(COLUMNS[3:])
"""Those that are aligned to the right."""


@attrs.frozen
class StudyTable:
    """`groups` are rows of one teacher and setting; cells are empty where there is nothing."""

    title: str
    columns: tuple[str, ...]
    groups: list[list[tuple[str, ...]]]
    notes: list[str]


def study_table(title: str, rows: Sequence[Row], notes: Sequence[str]) -> StudyTable:
    """Teacher and setting stand in a group's first row alone; columns without anything are left
    out, and every published figure's origin, failure and warning is a note. Agreement takes the
    place of accuracy where no image had a label."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.teacher, row.setting), []).append(row)
    labelled = any(row.accuracy for row in rows) or not any(row.agreement for row in rows)
    texts = [[_cells(row, row is group[0], labelled) for row in group] for group in groups.values()]
    every = [cells for group in texts for cells in group]
    kept = [i for i, name in enumerate(COLUMNS) if i < 3 or any(cells[i] for cells in every)]
    return StudyTable(
        visible(title, lines=False),
        tuple(COLUMNS[i] for i in kept),
        [
            [tuple(visible(cells[i], lines=False) for i in kept) for cells in group]
            for group in texts
        ],
        [visible(note, lines=False) for note in (*_about(rows), *notes)],
    )


def _cells(row: Row, first: bool, labelled: bool) -> tuple[str, ...]:
    found, difference = row.figure, row.difference
    interval = ""
    if difference and difference.low is not None and difference.high is not None:
        interval = f"{signed(difference.low)} .. {signed(difference.high)}"
    return (
        _teacher(row) if first else "",
        row.setting if first else "",
        row.variant,
        _figure(row, row.accuracy) if labelled else "",
        _spread(row.agreement) if labelled else _figure(row, row.agreement),
        _spread(row.divergence, ".3g"),
        signed(difference.mean) if difference else "",
        interval,
        str(found.runs) if found else "",
        "" if row.parameters is None else size_text(round(row.parameters)),
        "" if row.macs is None else size_text(round(row.macs)),
        f"{row.published.accuracy:.2f}" if row.published else "",
    )


def _teacher(row: Row) -> str:
    return row.teacher if row.full_precision is None else f"{row.teacher} {row.full_precision:.2f}"


def _figure(row: Row, found: Sample | None) -> str:
    """What the table is about, or why it is missing."""
    if found is None:
        return "failed" if row.failures else ("not run" if row.missing else "not measured")
    return _spread(found)


def _spread(found: Sample | None, form: str = ".2f") -> str:
    if found is None:
        return ""
    mean = format(found.mean, form)
    return mean if found.std is None else f"{mean} {PLUS_MINUS} {format(found.std, form)}"


def signed(value: float) -> str:
    """With its sign, as +0.47."""
    return f"{value:+.2f}".replace("-", MINUS)


def _about(rows: Sequence[Row]) -> list[str]:
    notes = []
    against = list(dict.fromkeys(row.against for row in rows if row.difference))
    if any(row.accuracy for row in rows):
        notes.append(
            "Accuracy on test images after the last step: mean and sample standard deviation over "
            "seeds."
        )
    if any(row.agreement for row in rows):
        notes.append(
            "Agreement is how often a student's class is the teacher's on test images, divergence "
            "the mean KL(teacher || student)."
        )
    if against:
        notes.append(
            f"Differences are paired by seed, to {' or '.join(against)}; intervals are Student's t."
        )
    for text in dict.fromkeys(row.published.of for row in rows if row.published):
        notes.append(f"Published: {text}.")
    for row in rows:
        for reason, count in row.failures.items():
            notes.append(f"{_place(row)}: {plural(count, 'run')} failed: {reason}.")
    if warned := [f"{_place(row)} ({row.warnings})" for row in rows if row.warnings]:
        notes.append(f"Runs that warned of near-identical images: {'; '.join(warned)}.")
    if missing := sum(row.missing for row in rows):
        notes.append(f"{plural(missing, 'run')} of {sum(row.runs for row in rows)} not done.")
    return notes


def _place(row: Row) -> str:
    return f"{row.teacher}, {row.setting}, {row.variant}"
