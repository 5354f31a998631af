"""Space -> plan: every candidate on every edge, as the text says, before any pass."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from autorecon.graph import Space
from autorecon.lang import Edge, Node, Pipeline
from autorecon.lang.program.flow import live_nodes
from autorecon.lowering.plan import (
    MERGE,
    Apply,
    Join,
    Merge,
    Place,
    Plan,
    Step,
    Term,
    Weight,
)

Kept = Mapping[str, Sequence[int]]  # candidates that count, by edge; all where an edge is missing


def lower(space: Space, kept: Kept | None = None) -> Plan:
    """The plan of a space in which every edge is the weighted sum of its candidates.

    With `kept`, of those alone. Nodes on no path from an input to the output are left out.
    Raises ValueError where no path is left, or a concatenation lacks a part.
    """
    candidates = {e.name: _candidates(e, kept or {}) for e in space.edges}
    edges = [e for e in space.edges if candidates[e.name]]
    live = live_nodes(space.nodes, edges)
    if space.output.name not in live:
        raise ValueError(f"nothing leads from an input of {space.name} to its output")
    incoming: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.source in live and edge.target in live:
            incoming[edge.target].append(edge)
    _check_parts(space, incoming)
    steps: list[Step] = []
    for name in space.order:
        if name in live and not space.nodes[name].is_input:
            _node(space.nodes[name], incoming[name], candidates, steps)
    inputs = {n.name: n.shape for n in space.program.inputs}
    return Plan(inputs, tuple(steps), space.output.name)


def _check_parts(space: Space, incoming: Mapping[str, Sequence[Edge]]) -> None:
    """A part that only rules keep is missing where somebody chooses against them."""
    whole = (e.target for e in space.edges if not space.nodes[e.target].merge.traits.partial)
    for name, count in Counter(whole).items():
        if 0 < len(incoming.get(name, ())) < count:
            raise ValueError(f"a part of what {name} of {space.name} merges is missing")


def _candidates(edge: Edge, kept: Kept) -> list[int]:
    """Those that compute something."""
    indices = kept.get(edge.name, range(len(edge.candidates)))
    return [k for k in indices if not edge.candidates[k].is_none]


def _node(
    node: Node, edges: Sequence[Edge], candidates: Mapping[str, Sequence[int]], steps: list[Step]
) -> None:
    parts = tuple(_edge(edge, candidates[edge.name], steps) for edge in edges)
    raw = node.name if node.then is None else f"{node.name}.{node.merge.name}"
    if node.merged is None:
        terms = tuple(map(Term, parts))
        steps.append(Merge(raw, node.merge.name, terms, node.shape, len(parts)))
    else:
        steps.append(Join(raw, parts, node.merged, Place(node.name, None, MERGE), node.shape))
    if node.then is not None:
        _applied(node.then, raw, (node.name, None), node.name, steps)


def _edge(edge: Edge, candidates: Sequence[int], steps: list[Step]) -> str:
    if len(edge.candidates) == 1:
        return _applied(edge.candidates[0], edge.source, (edge.name, 0), edge.name, steps)
    terms = []
    for index in candidates:
        candidate = edge.candidates[index]
        out = f"{edge.name}.{candidate.key}"
        _applied(candidate, edge.source, (edge.name, index), out, steps)
        terms.append(Term(out, Weight(edge.name, index)))
    steps.append(Merge(edge.name, "sum", tuple(terms), steps[-1].shapes[0]))
    return edge.name


def _applied(
    candidate: Pipeline,
    source: str,
    owner: tuple[str, int | None],
    out: str,
    steps: list[Step],
) -> str:
    for position, typed in enumerate(candidate.steps):
        last = position == len(candidate.steps) - 1
        made = out if last else f"{out}#{position}"
        steps.append(Apply(made, source, typed, Place(*owner, position), typed.after))
        source = made
    return out
