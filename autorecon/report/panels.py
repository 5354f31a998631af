"""Architecture probabilities over time: a panel a decision, panels of a type with one legend."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import attrs
from markupsafe import Markup

from autorecon.graph import Space
from autorecon.graph.draw.labels import short_names
from autorecon.lang import Decision, Pipeline
from autorecon.lang.program.candidates import IDENTITY, NONE
from autorecon.report.charts import stack_chart
from autorecon.report.errors import ReportError
from autorecon.report.figures import Key, decisions_by_type
from autorecon.report.history import SearchEpoch

LIMIT = 240
"""Panels on a page; a space with more decisions shows its first ones."""
_COLOURS = tuple(f"c{i}" for i in range(8))
_NEUTRAL = {NONE.text: "c-none", IDENTITY.text: "c-keep"}


@attrs.frozen
class Panel:
    """A decision: its probabilities over the epochs, and what was chosen in the end."""

    name: str
    svg: Markup
    chosen: Key
    probability: float | None


@attrs.frozen
class PanelGroup:
    """The decisions of one type; `rows` has them by block, or by the pair of blocks they bridge."""

    type: str
    keys: tuple[Key, ...]
    rows: dict[str, list[Panel]]


def panel_groups(epochs: Sequence[SearchEpoch], space: Space) -> list[PanelGroup]:
    """A group an edge type. Raises ReportError where the metrics are of another space."""
    seen = [epoch for epoch in epochs if epoch.probabilities]
    if not seen:
        return []
    shown = set(list(space.program.decisions)[:LIMIT])
    known = {c.text: c for edge in space.edges for c in edge.candidates}
    by_type = decisions_by_type(space).items()
    groups = [(kind, [d for d in decisions if d.name in shown]) for kind, decisions in by_type]
    return [_group(kind, decisions, known, seen) for kind, decisions in groups if decisions]


def _group(
    kind: str,
    decisions: Sequence[Decision],
    known: Mapping[str, Pipeline],
    epochs: Sequence[SearchEpoch],
) -> PanelGroup:
    keys = _keys(decisions, known)
    rows: dict[str, list[Panel]] = defaultdict(list)
    for decision in decisions:
        rows[_place(decision)].append(_panel(decision, epochs, keys))
    return PanelGroup(kind, tuple(keys.values()), dict(rows))


def _keys(decisions: Sequence[Decision], known: Mapping[str, Pipeline]) -> dict[str, Key]:
    """A colour and a short name an option, by its text; what computes nothing is grey."""
    texts = list(dict.fromkeys(option for decision in decisions for option in decision.options))
    # An option that names a choice is not a candidate as it stands.
    are_candidates = all(text in known for text in texts)
    names = short_names([known[text] for text in texts]) if are_candidates else texts
    colours = itertools.cycle(_COLOURS)
    return {
        text: Key(_NEUTRAL.get(text) or next(colours), name)
        for text, name in zip(texts, names, strict=True)
    }


def _place(decision: Decision) -> str:
    if decision.block is not None:
        return decision.block
    blocks = [end.rpartition(".")[0] for end in decision.text.split(" -> ")]
    return " \N{RIGHTWARDS ARROW} ".join(blocks) if all(blocks) else ""


def _panel(decision: Decision, epochs: Sequence[SearchEpoch], keys: dict[str, Key]) -> Panel:
    name, texts = decision.name, decision.options
    bands = list(zip(*_probabilities(decision, epochs), strict=True))
    svg = stack_chart(f"Probabilities on {name}", bands, [keys[text].colour for text in texts])
    chosen = epochs[-1].genotype.get(name, "")
    probability = bands[texts.index(chosen)][-1] if chosen in texts else None
    return Panel(name, svg, keys.get(chosen, Key("muted", chosen)), probability)


def _probabilities(decision: Decision, epochs: Sequence[SearchEpoch]) -> Iterator[list[float]]:
    for epoch in epochs:
        found = epoch.probabilities.get(decision.name, [])
        if len(found) != len(decision.options):
            raise ReportError(
                f"metrics.jsonl has {len(found)} probabilities for {decision.text}, and "
                f"space.space {len(decision.options)} options: put back the run's own files"
            )
        yield found
