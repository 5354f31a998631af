"""A difference of two spaces as lines for people and as values for scripts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import attrs
import click

from autorecon.graph.counting.cost import Interval
from autorecon.graph.diff.diff import Change, Difference, EdgeChange, Kind, NodeChange
from autorecon.graph.diff.groups import EdgeGroup, edge_groups, node_groups
from autorecon.graph.draw.labels import count_text, interval_text, size_text
from autorecon.graph.equivalence import same_generator
from autorecon.graph.space import Space
from autorecon.lang import Edge, Pipeline
from autorecon.lang.program.sizes import show_sized

SIGNS: dict[Kind, str] = {"added": "+", "removed": "-", "changed": "~"}
_COLOURS: dict[Kind, str] = {"added": "green", "removed": "red", "changed": "yellow"}
_WIDTH, _COLUMN = 100, 32  # characters of a line, and of what changed at its start

# A line: its kind, what changed, and how.
_Row = tuple[Kind, str, str]


def as_text(difference: Difference) -> str:
    """What changed, section by section, and the totals of both sides."""
    sections = {
        "parameters": [_property_row(c) for c in difference.parameters],
        "rules and limits": [_property_row(c) for c in difference.restrictions],
        "nodes": [_node_row(group) for group in node_groups(difference)],
        "edges": [_edge_row(group) for group in edge_groups(difference)],
    }
    lines = []
    for title, rows in sections.items():
        if rows:
            column = min(_COLUMN, max(len(what) for _, what, _ in rows))
            lines += ["", click.style(title, bold=True)]
            lines += [line for row in rows for line in _shown(row, column)]
    if difference.reordered:
        lines += ["", "the edges stand in another order"]
    if same_generator(difference.old, difference.new):
        lines += ["", "one generator: they differ in dead parts or by a symmetry of the space"]
    return "\n".join([*lines[1:], "", *_totals(difference)])


def _shown(row: _Row, column: int) -> Iterator[str]:
    kind, what, how = row
    sign = click.style(SIGNS[kind], fg=_COLOURS[kind], bold=True)
    # A long list of nodes has lines of its own.
    *above, last = textwrap.wrap(what, _WIDTH - 4) if len(what) > column else [what]
    told = _told(how, _WIDTH - 6 - column) or [""]
    fits = len(last) <= column
    names = [*above, last] if fits else [*above, last, ""]
    for index, name in enumerate(names):
        about = told[0] if index == len(names) - 1 else ""
        lead = sign if index == 0 else " "
        yield f"  {lead} {name:<{column}}  {_paint(about, kind)}".rstrip()
    yield from (f"    {'':<{column}}  {_paint(line, kind)}" for line in told[1:])


def _told(how: str, width: int) -> list[str]:
    """Lines of what changed; candidates that do not fit one have a line each."""
    whole = how.replace("\t", "  ")
    parts = [whole] if len(whole) <= width else how.split("\t")
    lines = (textwrap.wrap(part, width, break_on_hyphens=False) for part in parts)
    return [line for part in lines for line in part]


def _paint(text: str, kind: Kind) -> str:
    return click.style(text, fg=_COLOURS[kind]) if text and kind != "changed" else text


def _property_row(change: Change) -> _Row:
    if change.old is None:
        return "added", change.name, str(change.new)
    if change.new is None:
        return "removed", change.name, change.old
    return "changed", change.name, f"{change.old} -> {change.new}"


def _node_row(group: tuple[NodeChange, ...]) -> _Row:
    node = group[0].new or group[0].old
    assert node is not None  # a change has a side
    if group[0].kind == "changed":
        names = ", ".join(change.name for change in group)
        return "changed", names, _changes_text(group[0].changes)
    then = f" then {node.then.text}" if node.then else ""
    about = node.role if node.is_input else node.merge.text
    return group[0].kind, node.name, f"{show_sized(node.shape, node.sizes)} {about}{then}"


def _changes_text(changes: tuple[Change, ...]) -> str:
    return ";  ".join(f"{c.name} {' -> '.join(c.sides)}" for c in changes)


def _edge_row(group: EdgeGroup) -> _Row:
    change = group.changes[0]
    what = f"{group.whole}, all {len(group.changes)}" if group.whole else change.edge.text
    if change.kind != "changed":
        candidates = " | ".join(c.text for c in change.edge.candidates)
        if group.whole:
            edges = ", ".join(c.edge.text for c in group.changes)
            return change.kind, what, f"{candidates};  {edges}"
        return change.kind, what, f"{change.edge.type}: {candidates}"
    parts = [_changes_text(change.changes), _candidates_text(change), _delta_text(group)]
    return "changed", what, ";  ".join(part for part in parts if part)


def _candidates_text(change: EdgeChange) -> str:
    if change.chosen:
        return f"{change.chosen[0].text} -> {change.chosen[1].text}"
    old, new = _candidates(change.old), _candidates(change.new)
    if old == new:
        return ""
    if len(new) == 1 and not change.added:
        return f"{new[0].text}, chosen of {len(old)}"
    parts = [f"- {c.text}" for c in change.removed] + [f"+ {c.text}" for c in change.added]
    return "\t".join(parts) or "the candidates stand in another order"


def _delta_text(group: EdgeGroup) -> str:
    """How much more or less the edges cost, where both sides leave no choice."""
    if not group.changes[0].chosen:
        return ""
    parts = []
    for index, unit in enumerate(("weights", "MACs")):
        delta = sum(_max(c.new_cost, index) - _max(c.old_cost, index) for c in group.changes)
        parts += [f"{'+' if delta > 0 else '-'}{size_text(abs(delta))} {unit}"] * (delta != 0)
    return ", ".join(parts)


def _candidates(edge: Edge | None) -> tuple[Pipeline, ...]:
    return edge.candidates if edge else ()


def _max(cost: tuple[Interval, Interval] | None, index: int) -> int:
    return cost[index].max if cost else 0


def _totals(difference: Difference) -> Iterator[str]:
    old, new = _facts(difference.old), _facts(difference.new)
    names, width = max(map(len, old)), max(map(len, old.values()))
    for name, value in old.items():
        after = f"  -> {new[name]}" if new[name] != value else ""
        yield f"  {name:<{names}}  {value:>{width}}{after}"


def _facts(space: Space) -> dict[str, str]:
    return {
        "nodes": str(len(space.widest.nodes)),
        "edges": str(len(space.widest.edges)),
        "architectures": count_text(space.architectures),
        "weights": interval_text(space.cost.parameters),
        "multiply-adds": interval_text(space.cost.macs),
    }


def as_values(difference: Difference) -> dict[str, Any]:
    """The difference as JSON values."""
    return {
        "same": difference.same,
        "same_generator": same_generator(difference.old, difference.new),
        "old": _side(difference.old),
        "new": _side(difference.new),
        "parameters": [attrs.asdict(c) for c in difference.parameters],
        "restrictions": [attrs.asdict(c) for c in difference.restrictions],
        "nodes": [_node_values(c) for c in difference.nodes],
        "edges": [_edge_values(c) for c in difference.edges],
        "reordered": difference.reordered,
    }


def _side(space: Space) -> dict[str, Any]:
    return {
        "name": space.name,
        "nodes": len(space.widest.nodes),
        "edges": len(space.widest.edges),
        "architectures": space.architectures,
        "parameters": attrs.asdict(space.cost.parameters),
        "macs": attrs.asdict(space.cost.macs),
    }


def _node_values(change: NodeChange) -> dict[str, Any]:
    changes = [attrs.asdict(c) for c in change.changes]
    return {"name": change.name, "kind": change.kind, "changes": changes}


def _edge_values(change: EdgeChange) -> dict[str, Any]:
    return {
        "name": change.edge.name,
        "kind": change.kind,
        "type": change.edge.type,
        "old": _edge_side(change.old, change.old_cost),
        "new": _edge_side(change.new, change.new_cost),
        "changes": [attrs.asdict(c) for c in change.changes],
    }


def _edge_side(edge: Edge | None, cost: tuple[Interval, Interval] | None) -> dict[str, Any] | None:
    if edge is None or cost is None:
        return None
    return {
        "candidates": [c.text for c in edge.candidates],
        "parameters": attrs.asdict(cost[0]),
        "macs": attrs.asdict(cost[1]),
    }
