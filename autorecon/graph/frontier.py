"""All live parts of a space as one diagram, and sums over them without listing them.

The statuses of an edge's two ends say which of its candidates are possible. So nodes are taken one
after the other, and only those that still have edges to come, the frontier, need a status. The
frontiers' statuses are the states of a layered graph, the DIAGRAM, whose paths are the live parts,
as decision diagrams hold the subgraphs of a graph. A sum over its paths is one pass over its arcs,
in any semiring: (+, *) counts, (min, +) finds the least cost.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from autorecon.graph import statuses as st
from autorecon.graph.elimination import elimination_order
from autorecon.lang import Edge, Node, Program

# About a second; past it a space is too entangled for an exact answer.
MAX_STEPS = 500_000

# A state holds the frontier's statuses, three bits a node; the lowest bit says whether a noise
# input is live.
NOISE, BITS, MASK = 1, 3, 7


class FrontierTooWide(ValueError):
    """An exact answer would take more than MAX_STEPS steps."""

    exit_code = 1


@attrs.frozen
class Semiring:
    """How different live parts (`plus`) and the members of one (`times`) combine."""

    plus: Callable[[Any, Any], Any]
    times: Callable[[Any, Any], Any]
    one: Any
    zero: Any


@attrs.frozen
class Weights:
    """What a live node contributes, and a live edge by all its candidates other than `none`.

    On a diagram of `every` architecture the choices on edges that are not live count too; on one of
    live parts these have no weight, however many architectures share a part.
    """

    nodes: Mapping[str, Any]
    edges: Mapping[str, Any]

    def of(self, owner: Node | Edge, takes: str, every: bool) -> Any:
        """The weight of a layer's arcs; None is the semiring's one."""
        if isinstance(owner, Node):
            return self.nodes.get(owner.name) if takes == st.LIVE_ONES else None
        if takes == st.LIVE_ONES:
            return self.edges[owner.name]
        if takes == st.NONE or not every:
            return None
        return len(owner.candidates) - (takes == st.OTHERS and st.offers_none(owner))


Arcs = Mapping[str, Sequence[tuple[int, int]]]


@attrs.frozen
class Layer:
    """A node's status or an edge's candidates: arcs from the states before to those after, by
    what they take."""

    owner: Node | Edge
    arcs: Arcs
    size: int

    def advance(self, values: Sequence[Any], weights: Callable, semiring: Semiring) -> list[Any]:
        """The values of the states after it, from those of the states before it."""
        plus, times = semiring.plus, semiring.times
        after = [semiring.zero] * self.size
        for takes, arcs in self.arcs.items():
            weight = weights(self.owner, takes)
            before = values if weight is None else [times(value, weight) for value in values]
            for old, new in arcs:
                after[new] = plus(after[new], before[old])
        return after


@attrs.frozen
class Diagram:
    """Its paths from the one state at the start to state `final` of the last layer are the live
    parts with a live noise input; with `every`, the valid architectures by statuses."""

    layers: tuple[Layer, ...]
    final: int
    every: bool

    def tables(self, weights: Weights, semiring: Semiring) -> Iterator[list[Any]]:
        """The values of the states at the start and after each layer."""

        def of(owner: Node | Edge, takes: str) -> Any:
            return weights.of(owner, takes, self.every)

        values = [semiring.one]
        yield values
        for layer in self.layers:
            values = layer.advance(values, of, semiring)
            yield values

    def total(self, weights: Weights, semiring: Semiring) -> Any:
        """The sum, over all live parts with a live noise input, of the product of their weights."""
        values: list[Any] = []
        for table in self.tables(weights, semiring):
            values = table
        return values[self.final]


def diagram(program: Program, every: bool = False) -> Diagram:
    """The live parts of a space, or with `every` its architectures; raises FrontierTooWide."""
    states, steps, layers = {0: 0}, 0, []
    for decision in _decisions(_joined(program), every):
        states, arcs = decision.apply(states)
        layers.append(Layer(decision.owner, arcs, len(states)))
        steps += len(states)
        if steps > MAX_STEPS:
            raise FrontierTooWide(f"it takes more than {MAX_STEPS:,} steps to sum over the space")
    return Diagram(tuple(layers), states[NOISE], every)


def _joined(program: Program) -> Program:
    """Without labels that only conditional norms read: no edges, nothing to decide."""
    ends = {end for edge in program.edges for end in (edge.source, edge.target)}
    nodes = {name: node for name, node in program.nodes.items() if name in ends}
    return attrs.evolve(program, nodes=nodes)


# Ways on from a state: the bits that it keeps, those that are set, and what they take.
Moves = list[tuple[int, int, str]]


@attrs.frozen
class _Decision:
    """The ways on, by the statuses at two shifts."""

    owner: Node | Edge
    shifts: tuple[int, int]
    moves: Callable[[int, int], Moves]

    def apply(self, states: Mapping[int, int]) -> tuple[dict[int, int], Arcs]:
        """The states after it with their places, and the arcs that lead there."""
        first, second = self.shifts
        both = MASK << first | MASK << second
        known: dict[int, Moves] = {}
        after: dict[int, int] = {}
        arcs: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for state, place in states.items():
            pair = state & both
            if pair not in known:
                known[pair] = self.moves(state >> first & MASK, state >> second & MASK)
            for keep, put, takes in known[pair]:
                new = after.setdefault(state & keep | put, len(after))
                arcs[takes].append((place, new))
        return after, arcs


def _decisions(program: Program, every: bool) -> Iterator[_Decision]:
    initial = st.initial_statuses(program, every)
    order = elimination_order(program, initial)
    undecided = Counter(end for edge in program.edges for end in _ends(edge))
    shifts: dict[str, int] = {}
    for name, edges in _edges_by_later_end(program.edges, order):
        shifts[name] = _free_shift(shifts)
        yield _node_decision(program.nodes[name], shifts[name], initial[name])
        # Those without `none` leave the fewest states: first.
        for edge in sorted(edges, key=st.offers_none):
            undecided.subtract(_ends(edge))
            last = [bit * (not undecided[name, bit]) for name, bit in _ends(edge)]
            done = [not undecided[n, st.IN] + undecided[n, st.OUT] for n, _ in _ends(edge)]
            yield _edge_decision(edge, shifts, last, done, every)
            for (end, _), forgotten in zip(_ends(edge), done, strict=True):
                if forgotten:
                    del shifts[end]


def _ends(edge: Edge) -> tuple[tuple[str, int], tuple[str, int]]:
    return (edge.source, st.OUT), (edge.target, st.IN)


def _edges_by_later_end(
    edges: Sequence[Edge], order: Sequence[str]
) -> Iterator[tuple[str, list[Edge]]]:
    place = {name: index for index, name in enumerate(order)}
    later = defaultdict(list)
    for edge in edges:
        later[max(edge.source, edge.target, key=place.__getitem__)].append(edge)
    return ((name, later[name]) for name in order)


def _free_shift(shifts: Mapping[str, int]) -> int:
    taken = set(shifts.values())
    shift = NOISE.bit_length()
    while shift in taken:
        shift += BITS
    return shift


def _node_decision(node: Node, shift: int, initial: Sequence[int]) -> _Decision:
    live = [st.kind(status) == st.LIVE for status in initial]
    moves: Moves = [
        (
            -1,
            status << shift | NOISE * (node.role == "noise" and alive),
            st.LIVE_ONES if alive else st.NONE,
        )
        for status, alive in zip(initial, live, strict=True)
    ]
    return _Decision(node, (shift, shift), lambda *_: moves)


def _edge_decision(
    edge: Edge, shifts: Mapping[str, int], last: Sequence[int], done: Sequence[bool], every: bool
) -> _Decision:
    """`last` are the directions in which this is the last edge of its source and of its target:
    there they must be settled. `done` says which of the two have no more edges: they are forgotten.
    """
    first, second = shifts[edge.source], shifts[edge.target]
    keep = ~(MASK << first | MASK << second)
    offer = st.offers_none(edge), not edge.is_cut

    def moves(source: int, target: int) -> Moves:
        found: Moves = []
        for *after, takes in st.transitions(*offer, source, target, every):
            if all(map(st.settled, after, last)):
                source_bits, target_bits = (s * (not d) for s, d in zip(after, done, strict=True))
                found.append((keep, source_bits << first | target_bits << second, takes))
        return found

    return _Decision(edge, (first, second), moves)
