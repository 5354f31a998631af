"""Space -> plan: every candidate on every edge, as the text says, before any pass."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import attrs

from autorecon.graph import Space
from autorecon.lang import Edge, Node, Op, Pipeline, Shape
from autorecon.lang.program.candidates import Step as Typed
from autorecon.lang.program.flow import live_nodes
from autorecon.lang.program.sizes import Sizes
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

_MASKS = "mask"  # where the modules of masks are

Kept = Mapping[str, Sequence[int]]  # candidates that count, by edge; all where an edge is missing


def lower(space: Space, kept: Kept | None = None) -> Plan:
    """The plan of a space in which every edge is the weighted sum of its candidates.

    With `kept`, of those alone; and of the options of sizes, by decision. Nodes on no path from an
    input to the output are left out. Raises ValueError where no path is left, or a concatenation
    lacks a part.
    """
    space, kept = space.unfolded, kept or {}
    candidates = {e.name: _candidates(e, kept) for e in space.edges}
    edges = [e for e in space.edges if candidates[e.name]]
    live = live_nodes(space.nodes, edges)
    if space.output.name not in live:
        raise ValueError(f"nothing leads from an input of {space.name} to its output")
    incoming: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.source in live and edge.target in live:
            incoming[edge.target].append(edge)
    _check_parts(space, incoming)
    steps = _Steps(space, kept)
    for name in space.order:
        if name in live and not space.nodes[name].is_input:
            steps.node(space.nodes[name], incoming[name], candidates)
    inputs = {n.name: n.shape for n in space.program.inputs}
    return Plan(inputs, tuple(steps.made), space.output.name)


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


@attrs.define
class _Steps:
    """Those of a space, one after the other."""

    space: Space
    kept: Kept
    made: list[Step] = attrs.field(factory=list)

    def node(
        self, node: Node, edges: Sequence[Edge], candidates: Mapping[str, Sequence[int]]
    ) -> None:
        parts = tuple(self._edge(edge, candidates[edge.name]) for edge in edges)
        value = node.name if node.sizes is None else f"{node.name}.whole"
        raw = value if node.then is None else f"{node.name}.{node.merge.name}"
        if node.merged is None:
            terms = tuple(map(Term, parts))
            self.made.append(Merge(raw, node.merge.name, terms, node.shape, len(parts)))
        else:
            place = Place(node.name, None, MERGE)
            self.made.append(Join(raw, parts, node.merged, place, node.shape))
        if node.then is not None:
            self._applied(node.then, raw, (node.name, None), value)
        if node.sizes:
            self._masked(value, node.shape, node.sizes, node.name)

    def _edge(self, edge: Edge, candidates: Sequence[int]) -> str:
        if len(edge.candidates) == 1:
            return self._applied(edge.candidates[0], edge.source, (edge.name, 0), edge.name)
        terms = []
        for index in candidates:
            candidate = edge.candidates[index]
            out = f"{edge.name}.{candidate.key}"
            self._applied(candidate, edge.source, (edge.name, index), out)
            terms.append(Term(out, Weight(edge.name, index)))
        self.made.append(Merge(edge.name, "sum", tuple(terms), self.made[-1].shapes[0]))
        return edge.name

    def _applied(
        self, candidate: Pipeline, source: str, owner: tuple[str, int | None], out: str
    ) -> str:
        for position, typed in enumerate(candidate.steps):
            if typed.masked:
                source = self._masked(
                    source, typed.before, typed.masked, f"{out}#{position}.masked"
                )
            last = position == len(candidate.steps) - 1
            made = out if last else f"{out}#{position}"
            self.made.append(Apply(made, source, typed, Place(*owner, position), typed.after))
            source = made
        return out

    def _masked(self, value: str, shape: Shape, sizes: Sizes, out: str) -> str:
        """The sum of the first channels of a value, for each size that counts."""
        terms = []
        for option in self.kept.get(sizes.decision, range(len(sizes.counts))):
            count, part = sizes.counts[option], value
            if count < shape[0]:
                part = f"{out}.{option}"
                typed = Typed(Op("mask", (count,)), shape, shape, shape, 0, 0)
                self.made.append(Apply(part, value, typed, Place(_MASKS, None, count), shape))
            terms.append(Term(part, Weight(sizes.decision, option)))
        self.made.append(Merge(out, "sum", tuple(terms), shape))
        return out
