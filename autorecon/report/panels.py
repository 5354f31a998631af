"""Architecture probabilities over time: a small panel an edge, panels of a type with one legend."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence

import attrs
from markupsafe import Markup

from autorecon.graph import Space
from autorecon.graph.labels import short_names
from autorecon.lang import Edge
from autorecon.report.charts import stack_chart
from autorecon.report.errors import ReportError
from autorecon.report.figures import Key, choices_by_type
from autorecon.report.history import SearchEpoch

LIMIT = 240
"""Panels on a page; a space with more edges shows its first ones."""
_COLOURS = tuple(f"c{i}" for i in range(8))
_NEUTRAL = {"none": "c-none", "identity": "c-keep"}


@attrs.frozen
class Panel:
    """An edge: its probabilities over the epochs, and what was chosen in the end."""

    edge: str
    svg: Markup
    chosen: Key
    probability: float | None


@attrs.frozen
class PanelGroup:
    """The edges of one type; `rows` has them by block, or by the pair of blocks they bridge."""

    type: str
    keys: tuple[Key, ...]
    rows: dict[str, list[Panel]]


def panel_groups(epochs: Sequence[SearchEpoch], space: Space) -> list[PanelGroup]:
    """A group an edge type. Raises ReportError where the metrics are of another space."""
    seen = [epoch for epoch in epochs if epoch.probabilities]
    if not seen:
        return []
    shown = set(space.choices[:LIMIT])
    by_type = choices_by_type(space).items()
    groups = [(kind, [edge for edge in edges if edge in shown]) for kind, edges in by_type]
    return [_group(kind, edges, seen) for kind, edges in groups if edges]


def _group(kind: str, edges: Sequence[Edge], epochs: Sequence[SearchEpoch]) -> PanelGroup:
    keys = _keys(edges)
    rows: dict[str, list[Panel]] = defaultdict(list)
    for edge in edges:
        rows[_place(edge)].append(_panel(edge, epochs, keys))
    return PanelGroup(kind, tuple(keys.values()), dict(rows))


def _keys(edges: Sequence[Edge]) -> dict[str, Key]:
    """A colour and a short name a candidate, by its text; what computes nothing is grey."""
    candidates = list(dict.fromkeys(c for edge in edges for c in edge.candidates))
    colours = itertools.cycle(_COLOURS)
    return {
        candidate.text: Key(_NEUTRAL.get(candidate.text) or next(colours), name)
        for candidate, name in zip(candidates, short_names(candidates), strict=True)
    }


def _place(edge: Edge) -> str:
    if edge.block is not None:
        return edge.block
    blocks = [end.rpartition(".")[0] for end in edge.written]
    return " \N{RIGHTWARDS ARROW} ".join(blocks) if all(blocks) else ""


def _panel(edge: Edge, epochs: Sequence[SearchEpoch], keys: dict[str, Key]) -> Panel:
    texts = [candidate.text for candidate in edge.candidates]
    bands = list(zip(*_probabilities(edge, epochs), strict=True))
    svg = stack_chart(f"Probabilities on {edge.name}", bands, [keys[text].colour for text in texts])
    chosen = epochs[-1].genotype.get(edge.name, "")
    probability = bands[texts.index(chosen)][-1] if chosen in texts else None
    key = keys.get(chosen, Key("muted", chosen))
    return Panel(edge.name, svg, key, probability)


def _probabilities(edge: Edge, epochs: Sequence[SearchEpoch]) -> Iterator[list[float]]:
    for epoch in epochs:
        found = epoch.probabilities.get(edge.name, [])
        if len(found) != len(edge.candidates):
            raise ReportError(
                f"metrics.jsonl has {len(found)} probabilities for the edge {edge.name}, and "
                f"space.space {len(edge.candidates)} candidates: put back the run's own files"
            )
        yield found
