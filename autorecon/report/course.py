"""The course of `autorecon auto` as rows of text, for the page and for terminals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from autorecon.lang.wording import plural
from autorecon.records.course import Course, Entry, Rung
from autorecon.report.wording import DASH
from autorecon.runs import duration
from autorecon.study.statistics import kendall, spearman

JUDGE = (
    "Judged by how surely a student gives the teacher's class on images that all generators of the "
    "rung draw; no data is used."
)
FEW = 4
"""Measured students of a rung, of fewer of which an order says nothing."""


@attrs.frozen
class RungTable:
    """A rung, the best first; `columns` are those after the candidate's name and settings."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    chosen: str


def rung_tables(course: Course) -> list[RungTable]:
    """Those that were begun."""
    return [
        _table(course, number, rung, course.winner if rung is course.rungs[-1] else "")
        for number, rung in enumerate(course.rungs, 1)
    ]


def worth(course: Course) -> str:
    """How well the judge's order was that of agreement with the teacher on real images, by rung,
    where that was measured; "" where it was not."""
    lines = []
    for number, rung in enumerate(course.rungs, 1):
        both = measured(rung)
        if len(both) >= FEW:
            found = spearman(*zip(*both, strict=True)), kendall(*zip(*both, strict=True))
            lines.append(
                f"rung {number}, {plural(len(both), 'student')}: Spearman {found[0]:+.2f}, Kendall "
                f"{found[1]:+.2f}"
            )
    return "; ".join(lines)


def measured(rung: Rung) -> list[tuple[float, float]]:
    """What the judge says of students and their agreement on real images, of those with both."""
    return [
        (entry.judged, entry.score.agreement)
        for entry in rung.entries
        if entry.judged is not None and entry.score and entry.score.agreement is not None
    ]


def _table(course: Course, number: int, rung: Rung, chosen: str) -> RungTable:
    steps = max(entry.steps for entry in rung.entries)
    failed = [entry for entry in rung.entries if entry.judged is None]
    took = f", {duration(rung.seconds)}" if rung.seconds else ""
    title = (
        f"Rung {number} of {len(course.lengths)}: {plural(len(rung.entries), 'candidate')}, "
        f"{plural(steps, 'step')}{took}"
    )
    labelled = any(entry.score and entry.score.accuracy is not None for entry in rung.entries)
    there = any(entry.score for entry in rung.entries)
    columns = ["judged, %"]
    columns += ["agreement, %"] if there else []
    columns += ["accuracy, %"] if labelled else []
    rows = [
        (
            entry.name,
            settings_text(entry),
            *_figures(entry, there, labelled),
            duration(entry.seconds),
        )
        for entry in [*rung.ranking, *failed]
    ]
    return RungTable(title, (*columns, "took"), rows, chosen)


def _figures(entry: Entry, there: bool, labelled: bool) -> list[str]:
    score = entry.score
    figures = [entry.judged]
    figures += [score.agreement if score else None] if there else []
    figures += [score.accuracy if score else None] if labelled else []
    if entry.error:
        return ["failed", *[""] * (len(figures) - 1)]
    return [DASH if figure is None else f"{figure:.2f}" for figure in figures]


def settings_text(entry: Entry) -> str:
    """What a candidate is, in a line: its generator, and its settings; or why it failed."""
    if entry.error:
        return entry.error
    own: Mapping[str, Any] = entry.settings
    source = next(
        (
            f"{k} {own[k]}".removeprefix("generator ")
            for k in ("generator", "discovered", "drawn")
            if own.get(k)
        ),
        "",
    )
    settings = own.get("compress", {})
    texts = [source, *(str(v) if k == "method" else f"{k}={v}" for k, v in settings.items())]
    return ", ".join(filter(None, texts))
