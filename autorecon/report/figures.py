"""Which charts a page has: the search's, the students', and every seed on one scale."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence

import attrs
from markupsafe import Markup

from autorecon.graph import Space
from autorecon.graph.draw.labels import edge_types
from autorecon.lang import Decision
from autorecon.records.results import Results
from autorecon.records.score import Score
from autorecon.report.charts import Line, line_chart, strip_chart
from autorecon.report.history import History, SearchEpoch

GENERATOR_COLOURS = ("c1", "c0", "c2", "c3", "c5", "c6")
"""By the order of the generators: the human-designed one comes first."""
TYPE_COLOURS = ("c0", "c5", "c2", "c3", "c1", "c4")
"""By the order of declaration, in the hues of the drawings."""
KINDS = {"accuracy": "Top-1 accuracy", "agreement": "Agreement with the teacher"}
PHASES = {"weights": "c1", "architecture": "c0"}


@attrs.frozen
class Key:
    """An entry of a legend: a CSS variable and what it stands for."""

    colour: str
    text: str


@attrs.frozen
class Figure:
    """A chart with its title; `keys` is its legend and `note` says how to read it."""

    title: str
    svg: Markup
    note: str = ""
    keys: tuple[Key, ...] = ()


def generator_colours(labels: Iterable[str]) -> dict[str, str]:
    """The colour of each generator, everywhere on the page."""
    return dict(zip(labels, itertools.cycle(GENERATOR_COLOURS), strict=False))


def search_figures(epochs: Sequence[SearchEpoch], space: Space | None) -> list[Figure]:
    """The loss and each of its terms in both phases, then the entropy of each edge type."""
    terms = dict.fromkeys(term for epoch in epochs for term in epoch.weights)
    figures = [_loss(epochs, term) for term in terms]
    if space and any(epoch.entropy for epoch in epochs):
        figures.append(_entropy(epochs, space))
    return figures


def _loss(epochs: Sequence[SearchEpoch], term: str) -> Figure:
    lines, keys = [], []
    for phase, colour in PHASES.items():
        points = [(e.epoch + 1, getattr(e, phase).get(term)) for e in epochs]
        points = [(x, y) for x, y in points if y is not None]
        if points:
            lines.append(Line([x for x, _ in points], [y for _, y in points], colour))
            keys.append(Key(colour, phase))
    title = "Loss" if term == "total" else f"Loss term {term}"
    svg = line_chart(f"{title} of the search, by epoch", lines)
    return Figure(title, svg, "mean of an epoch", tuple(keys))


def _entropy(epochs: Sequence[SearchEpoch], space: Space) -> Figure:
    """Entropies divided by the logarithm of the number of candidates, so that types compare."""
    lines, keys = [], []
    by_type = decisions_by_type(space).items()
    for (kind, decisions), colour in zip(by_type, itertools.cycle(TYPE_COLOURS), strict=False):
        shares = [_mean(_shares(epoch, decisions)) for epoch in epochs]
        lines.append(Line([epoch.epoch + 1 for epoch in epochs], shares, colour))
        keys.append(Key(colour, kind))
    title = "Indecision of the edges"
    svg = line_chart(f"{title}: mean entropy by edge type and epoch", lines, bottom=0, top=1.03)
    note = "entropy, a share of its maximum"
    return Figure(title, svg, note, tuple(keys))


def decisions_by_type(space: Space) -> dict[str, list[Decision]]:
    """What is chosen, by the type of the edge, types in the order of their declaration; choices
    that have a name are last."""
    types = {edge.name: edge.type for edge in space.edges}
    found: dict[str, list[Decision]] = {kind: [] for kind in edge_types(space.program)}
    found["choice"] = []  # no type is called so
    for decision in space.decisions:
        found[types.get(decision.name, "choice")].append(decision)
    return {kind: decisions for kind, decisions in found.items() if decisions}


def _shares(epoch: SearchEpoch, decisions: Iterable[Decision]) -> list[float]:
    return [
        epoch.entropy[decision.name] / math.log(len(decision.options))
        for decision in decisions
        if decision.name in epoch.entropy
    ]


def student_figures(
    history: History, colours: Mapping[str, str], teacher: float | None
) -> list[Figure]:
    """Accuracy, both losses and the diversity of the images; generators by colour, seeds thin."""
    keys = tuple(Key(colours[label], label) for label in history.labels)
    wanted: list[tuple[str, str, str, dict[str, float | None]]] = [
        ("accuracy", "Accuracy of the student, %", "", {"level": teacher}),
        ("agreement", "Agreement with the teacher, %", "", {}),
        ("student.total", "Loss of the student", "mean of an epoch", {}),
        ("generator.total", "Loss of the generator", "mean of an epoch", {}),
        ("images.total", "Loss of the images", "mean of an epoch", {}),
        ("diversity", "Diversity of the images", "below 0.05 they are one image", {"bottom": 0}),
    ]
    figures = []
    for column, title, note, limits in wanted:
        lines = _by_seed(history, colours, column)
        if not lines:
            continue
        if limits.get("level") is not None:
            note = "dashed: the full-precision teacher"
        svg = line_chart(f"{title}, by epoch, of each generator", lines, **limits)
        figures.append(Figure(title, svg, note, keys))
    return figures


def _by_seed(history: History, colours: Mapping[str, str], name: str) -> list[Line]:
    """A thin line a seed, and a thick one for the mean where several seeds got as far."""
    lines = []
    for label in history.labels:
        columns = [s.column(name) for s in history.students if s.label == label]
        columns = [pair for pair in columns if pair[0]]
        several = len(columns) > 1
        width, alpha = (0.8, 0.6) if several else (1.6, 1.0)
        lines += [Line(x, y, colours[label], width, alpha) for x, y in columns]
        if several:
            lines.append(_mean_line(columns, colours[label]))
    return lines


def _mean_line(columns: Sequence[tuple[list[int], list[float]]], colour: str) -> Line:
    tables = [dict(zip(x, y, strict=True)) for x, y in columns]
    shared = sorted(set.intersection(*(set(table) for table in tables)))
    return Line(shared, [_mean([table[x] for table in tables]) for x in shared], colour, 2.2)


def seed_strips(
    results: Results, colours: Mapping[str, str]
) -> tuple[dict[str, Markup], tuple[float, float]]:
    """Every seed's figures on one scale, by generator, and the ends of the scale."""
    known = _finite(figure(s) for row in results.rows for s in (row.calibrated, row.last))
    if not known:
        return {}, (0.0, 0.0)
    everything = [*known, *_finite([results.full_precision])]
    high = min(100, math.ceil(max(everything) + 0.01))
    limits = (min(math.floor(min(everything)), high - 1), high)
    strips = {
        summary.generator: _strip(results, summary.generator, colours[summary.generator], limits)
        for summary in results.summary
    }
    return strips, limits


def _strip(results: Results, label: str, colour: str, limits: tuple[float, float]) -> Markup:
    rows = [row for row in results.rows if row.generator == label]
    return strip_chart(
        f"{KINDS[results.figure]} of every seed of the {label} generator",
        _finite(figure(row.calibrated) for row in rows),
        _finite(figure(row.last) for row in rows),
        colour,
        limits=limits,
        level=results.full_precision,
    )


def figure(score: Score | None) -> float | None:
    """What a table has of it."""
    return score.figure if score else None


def _finite(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
