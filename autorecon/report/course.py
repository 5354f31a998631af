"""The course of `autorecon auto` as rows of text, for the page and for terminals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from autorecon.lang.wording import plural
from autorecon.records.course import Course, Entry, Rung
from autorecon.report.wording import DASH
from autorecon.runs import duration
from autorecon.study.statistics import kendall, spearman

JUDGE = (
    "Judged by how much of what the teacher's layers give a student's layers give, on images that "
    "all generators of the rung draw; no data is used."
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


def rung_tables(course: Course, states: Sequence[str] = ()) -> list[RungTable]:
    """Those that were begun; `states` are of the last one's trials, where it is not judged yet."""
    return [
        _table(course, number, rung, () if rung.done else states)
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


def _table(course: Course, number: int, rung: Rung, states: Sequence[str]) -> RungTable:
    labelled = any(entry.score and entry.score.accuracy is not None for entry in rung.entries)
    there = any(entry.score for entry in rung.entries)
    columns = ["so far" if states else "judged, %"]
    columns += ["agreement, %"] if there else []
    columns += ["accuracy, %"] if labelled else []
    # Of a rung that is not judged as it was begun.
    ordered = [*rung.ranking, *(entry for entry in rung.entries if entry.judged is None)]
    rows = [
        (
            entry.name,
            settings_text(entry),
            *_figures(entry, state, there, labelled),
            duration(entry.seconds) if entry.seconds or not states else "",
        )
        for entry, state in zip(ordered, states or [""] * len(ordered), strict=True)
    ]
    chosen = course.winner if number == len(course.rungs) else ""
    return RungTable(_title(course, number, rung), (*columns, "took"), rows, chosen)


def _title(course: Course, number: int, rung: Rung) -> str:
    steps = max(entry.steps for entry in rung.entries)
    about = [
        plural(len(rung.entries), "candidate"),
        plural(steps, "step") if steps else "",
        duration(rung.seconds) if rung.seconds else "",
    ]
    return f"Rung {number} of {len(course.lengths)}: {', '.join(filter(None, about))}"


def _figures(entry: Entry, state: str, there: bool, labelled: bool) -> list[str]:
    score = entry.score
    first = state or (DASH if entry.judged is None else f"{entry.judged:.2f}")
    figures = [score.agreement if score else None] if there else []
    figures += [score.accuracy if score else None] if labelled else []
    if entry.error:
        return ["failed", *[""] * len(figures)]
    return [first, *(DASH if figure is None else f"{figure:.2f}" for figure in figures)]


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
