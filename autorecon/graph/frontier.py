"""Sums over all live parts of a space, without listing them.

The statuses of an edge's two ends say which of its candidates are possible. So nodes are taken one
after the other, and only those that still have edges to come, the frontier, need a status: this is
a dynamic programme over the frontier's statuses, as decision diagrams count the subgraphs of a
graph. Its values lie in any semiring: (+, *) counts, (min, +) finds the least cost.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from autorecon.graph import statuses as st
from autorecon.graph.elimination import elimination_order
from autorecon.lang import Edge, Program

# About a second; past it a space is too entangled for an exact answer.
MAX_STEPS = 1_000_000

# A state holds the frontier's statuses, three bits a node; the lowest bit says whether a noise
# input is live.
NOISE, BITS, MASK = 1, 3, 7


class FrontierTooWide(ValueError):
    """An exact answer would take more than MAX_STEPS steps."""

    exit_code = 1


@attrs.frozen
class Semiring:
    """How different live parts (`plus`) and the members of one (`times`) combine."""

    plus: Callable[[int, int], int]
    times: Callable[[int, int], int]
    one: int


@attrs.frozen
class Weights:
    """What a live node contributes, and a live edge by all its candidates other than `none`.

    With `every` the choices on edges that are not live count too; without, a live part counts once,
    however many architectures share it.
    """

    nodes: Mapping[str, int]
    edges: Mapping[str, int]
    every: bool = False

    def of(self, edge: Edge, candidates: str) -> int | None:
        """The weight of a transition; None is the semiring's one."""
        if candidates == st.LIVE_ONES:
            return self.edges[edge.name]
        if candidates == st.NONE or not self.every:
            return None
        return len(edge.candidates) - (candidates == st.OTHERS and st.offers_none(edge))


# Ways on from a state: the bits that it keeps, those that are set, and the weight.
Moves = list[tuple[int, int, int | None]]


@attrs.frozen
class Decision:
    """A node's status or an edge's candidates: the ways on, by the statuses at two shifts."""

    shifts: tuple[int, int]
    moves: Callable[[int, int], Moves]

    def apply(self, table: Mapping[int, int], semiring: Semiring) -> dict[int, int]:
        """The values of the states after it, from those of the states before it."""
        first, second = self.shifts
        plus, times = semiring.plus, semiring.times
        both = MASK << first | MASK << second
        known: dict[int, Moves] = {}
        after: dict[int, int] = {}
        for state, value in table.items():
            pair = state & both
            if pair not in known:
                known[pair] = self.moves(state >> first & MASK, state >> second & MASK)
            for keep, put, weight in known[pair]:
                new = state & keep | put
                total = value if weight is None else times(value, weight)
                after[new] = plus(after[new], total) if new in after else total
        return after


def sum_over_live_parts(program: Program, weights: Weights, semiring: Semiring) -> int:
    """The sum, over all live parts with a live noise input, of the product of their weights.

    Raises FrontierTooWide.
    """
    table, steps = {0: semiring.one}, 0
    for decision in _decisions(program, weights):
        table = decision.apply(table, semiring)
        steps += len(table)
        if steps > MAX_STEPS:
            raise FrontierTooWide(f"it takes more than {MAX_STEPS:,} steps to sum over the space")
    return table[NOISE]


def _decisions(program: Program, weights: Weights) -> Iterator[Decision]:
    initial = st.initial_statuses(program)
    order = elimination_order(program, initial)
    undecided = Counter(end for edge in program.edges for end in _ends(edge))
    shifts: dict[str, int] = {}
    for name, edges in _edges_by_later_end(program.edges, order):
        shifts[name] = _free_shift(shifts)
        noise = program.nodes[name].role == "noise"
        yield _node_decision(shifts[name], initial[name], noise, weights.nodes.get(name))
        # Those without `none` leave the fewest states: first.
        for edge in sorted(edges, key=st.offers_none):
            undecided.subtract(_ends(edge))
            last = [bit * (not undecided[name, bit]) for name, bit in _ends(edge)]
            done = [not undecided[n, st.IN] + undecided[n, st.OUT] for n, _ in _ends(edge)]
            yield _edge_decision(edge, shifts, last, done, weights)
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


def _node_decision(shift: int, initial: Sequence[int], noise: bool, weight: int | None) -> Decision:
    live = [st.kind(status) == st.LIVE for status in initial]
    moves: Moves = [
        (-1, status << shift | NOISE * (noise and alive), weight if alive else None)
        for status, alive in zip(initial, live, strict=True)
    ]
    return Decision((shift, shift), lambda *_: moves)


def _edge_decision(
    edge: Edge,
    shifts: Mapping[str, int],
    last: Sequence[int],
    done: Sequence[bool],
    weights: Weights,
) -> Decision:
    """`last` are the directions in which this is the last edge of its source and of its target:
    there they must be settled. `done` says which of the two have no more edges: they are forgotten.
    """
    first, second = shifts[edge.source], shifts[edge.target]
    keep = ~(MASK << first | MASK << second)

    def moves(source: int, target: int) -> Moves:
        found: Moves = []
        for *after, candidates in st.transitions(edge, source, target, weights.every):
            if all(map(st.settled, after, last)):
                source_bits, target_bits = (s * (not d) for s, d in zip(after, done, strict=True))
                put = source_bits << first | target_bits << second
                found.append((keep, put, weights.of(edge, candidates)))
        return found

    return Decision((first, second), moves)
