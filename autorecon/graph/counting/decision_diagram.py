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
from functools import cache, reduce
from typing import Any, NamedTuple

import attrs

from autorecon.graph.counting import node_status as st
from autorecon.graph.counting.elimination import elimination_order
from autorecon.graph.counting.roles import Roles
from autorecon.graph.counting.rule_counts import (
    Adds,
    Fields,
    Tallies,
    Tally,
    binding_rules,
    unobeyable,
)
from autorecon.lang import Edge, Node, Program

# About a second; past it a space is too entangled for an exact answer.
MAX_STEPS = 500_000

# A state holds the frontier's statuses, three bits a node, and how far the rules have counted; the
# lowest bits say whether inputs of the required roles are live: as a rule one, of the noise.
BITS, MASK = 3, 7


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


class Take(NamedTuple):
    """What an arc takes: whether its node or edge is live, and which of the edge's candidates."""

    live: bool
    options: tuple[int, ...] = ()


@attrs.frozen
class Weights:
    """What a live node contributes and, one number a candidate, a live edge; None: one each.

    On a diagram of `every` architecture the choices on edges that are not live count too, one
    each or as `idle` says; on one of live parts these have no weight, however many architectures
    share a part.
    """

    nodes: Mapping[str, Any] = attrs.field(factory=dict)
    edges: Mapping[str, Sequence[Any]] | None = None
    idle: Mapping[str, Sequence[Any]] | None = None

    def of(self, owner: Node | Edge, take: Take, every: bool, semiring: Semiring) -> Any:
        """The weight of a layer's arcs; None is the semiring's one."""
        if isinstance(owner, Node):
            return self.nodes.get(owner.name) if take.live else None
        if not take.live and not every:
            return None
        weights = self.edges if take.live else self.idle
        if weights is None:
            return reduce(semiring.plus, [semiring.one] * len(take.options))
        return reduce(semiring.plus, [weights[owner.name][option] for option in take.options])


Arcs = Mapping[Take, Sequence[tuple[int, int]]]


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
        for take, arcs in self.arcs.items():
            weight = weights(self.owner, take)
            before = values if weight is None else [times(value, weight) for value in values]
            for old, new in arcs:
                after[new] = plus(after[new], before[old])
        return after


@attrs.frozen
class Diagram:
    """Its paths from the one state at the start to state `final` of the last layer are the live
    parts with all required inputs; with `every`, the valid architectures by statuses."""

    layers: tuple[Layer, ...]
    final: int | None  # no state: rules that nothing obeys
    every: bool

    def tables(self, weights: Weights, semiring: Semiring) -> Iterator[list[Any]]:
        """The values of the states at the start and after each layer."""

        def of(owner: Node | Edge, take: Take) -> Any:
            return weights.of(owner, take, self.every, semiring)

        values = [semiring.one]
        yield values
        for layer in self.layers:
            values = layer.advance(values, of, semiring)
            yield values

    def total(self, weights: Weights, semiring: Semiring) -> Any:
        """The sum, over the live parts with all required inputs, of the products of weights."""
        values: list[Any] = []
        for table in self.tables(weights, semiring):
            values = table
        return semiring.zero if self.final is None else values[self.final]


def diagram(program: Program, every: bool = False) -> Diagram:
    """The live parts of a space, or with `every` its architectures; raises FrontierTooWide.

    Its rules hold. Then live parts are those that SOME architecture within the rules has, which is
    why a state is the set of all that choices on edges that are not live may have led to.
    """
    if unobeyable(program):
        return Diagram((), None, every)
    sets = bool(binding_rules(program)) and not every
    states: dict[Any, int] = {frozenset([0]): 0} if sets else {0: 0}
    steps, layers = 0, []
    for step in decisions(program, every or sets):
        states, arcs = _applied(step, states, sets)
        layers.append(Layer(step.owner, arcs, len(states)))
        steps += sum(map(len, states)) if sets else len(states)
        if steps > MAX_STEPS:
            raise FrontierTooWide(f"it takes more than {MAX_STEPS:,} steps to sum over the space")
    last = Roles(program.required).all_live
    return Diagram(tuple(layers), states.get(frozenset([last]) if sets else last), every)


def _applied(step: Step, states: dict[Any, int], sets: bool) -> tuple[dict[Any, int], Arcs]:
    return step.apply_to_sets(states) if sets else step.apply(states)


def joined(program: Program) -> Program:
    """Without labels that only conditional norms read: no edges, nothing to decide."""
    ends = {end for edge in program.edges for end in (edge.source, edge.target)}
    nodes = {name: node for name, node in program.nodes.items() if name in ends}
    return attrs.evolve(program, nodes=nodes)


IDLE = Take(live=False)

# Ways on from a state: the bits that it keeps, those that are set, and what they take.
Moves = list[tuple[int, int, Take]]


@attrs.frozen
class Step:
    """A node's status or an edge's candidates are decided; `mask` are the bits that matter."""

    owner: Node | Edge
    mask: int
    moves: Callable[[int], Moves]

    def apply(self, states: Mapping[int, int]) -> tuple[dict[int, int], Arcs]:
        """The states after it with their places, and the arcs that lead there."""
        moves = cache(self.moves)
        after: dict[int, int] = {}
        arcs: dict[Take, list[tuple[int, int]]] = defaultdict(list)
        for state, place in states.items():
            for keep, put, take in moves(state & self.mask):
                new = after.setdefault(state & keep | put, len(after))
                arcs[take].append((place, new))
        return after, arcs

    def apply_to_sets(
        self, states: Mapping[frozenset[int], int]
    ) -> tuple[dict[frozenset[int], int], Arcs]:
        """The same for sets of states, which choices on edges that are not live keep together."""
        moves = cache(self.moves)
        after: dict[frozenset[int], int] = {}
        arcs: dict[Take, list[tuple[int, int]]] = defaultdict(list)
        for members, place in states.items():
            found: dict[Take, set[int]] = defaultdict(set)
            for state in members:
                for keep, put, take in moves(state & self.mask):
                    found[take if take.live else IDLE].add(state & keep | put)
            for take, together in found.items():
                new = after.setdefault(frozenset(together), len(after))
                arcs[take].append((place, new))
        return after, arcs


def decisions(program: Program, every: bool) -> Iterator[Step]:
    """What is decided one after the other, from the state 0 to that of all required roles."""
    program = joined(program)
    initial = st.initial_statuses(program, every)
    order = elimination_order(program, initial)
    undecided = Counter(end for edge in program.edges for end in ends_of(edge))
    roles = Roles(program.required)
    fields = Fields(roles.width)
    tallies = Tallies(program, fields)
    for name, edges in edges_by_later_end(program.edges, order):
        shift = fields.take(name, BITS)
        yield _node_step(program.nodes[name], shift, initial[name], roles)
        # Those without `none` leave the fewest states: first.
        for edge in sorted(edges, key=st.offers_none):
            undecided.subtract(ends_of(edge))
            last = [bit * (not undecided[name, bit]) for name, bit in ends_of(edge)]
            done = [not undecided[n, st.IN] + undecided[n, st.OUT] for n, _ in ends_of(edge)]
            shifts = fields.shift(edge.source), fields.shift(edge.target)
            yield _edge_step(edge, shifts, last, done, every, tallies.of(edge), roles)
            for (end, _), forgotten in zip(ends_of(edge), done, strict=True):
                if forgotten:
                    fields.free(end)


def ends_of(edge: Edge) -> tuple[tuple[str, int], tuple[str, int]]:
    return (edge.source, st.OUT), (edge.target, st.IN)


def edges_by_later_end(
    edges: Sequence[Edge], order: Sequence[str]
) -> Iterator[tuple[str, list[Edge]]]:
    place = {name: index for index, name in enumerate(order)}
    later = defaultdict(list)
    for edge in edges:
        later[max(edge.source, edge.target, key=place.__getitem__)].append(edge)
    return ((name, later[name]) for name in order)


def _node_step(node: Node, shift: int, initial: Sequence[int], roles: Roles) -> Step:
    live = [st.kind(status) == st.LIVE for status in initial]
    moves: Moves = [
        (-1, status << shift | roles.of(node) * alive, Take(alive))
        for status, alive in zip(initial, live, strict=True)
    ]
    return Step(node, 0, lambda _: moves)


def _edge_step(
    edge: Edge,
    shifts: tuple[int, int],
    last: Sequence[int],
    done: Sequence[bool],
    every: bool,
    tally: Tally,
    roles: Roles,
) -> Step:
    """`last` are the directions in which this is the last edge of its source and of its target:
    there they must be settled. `done` says which of the two have no more edges: they are forgotten.
    """
    first, second = shifts
    mask = MASK << first | MASK << second | tally.mask
    offer = st.offers_none(edge), not edge.is_cut
    groups = _groups(edge, tally, roles)

    def moves(state: int) -> Moves:
        found: Moves = []
        source, target = state >> first & MASK, state >> second & MASK
        for *after, takes in st.transitions(*offer, source, target, every):
            if not all(map(st.settled, after, last)):
                continue
            source_bits, target_bits = (s * (not d) for s, d in zip(after, done, strict=True))
            put = source_bits << first | target_bits << second
            for take, adds, read in groups[takes]:
                counted = tally.put(state, adds)
                if counted is not None:
                    found.append((~mask, put | counted | read, take))
        return found

    return Step(edge, mask, moves)


def _groups(edge: Edge, tally: Tally, roles: Roles) -> dict[str, list[tuple[Take, Adds, int]]]:
    """The candidates that each kind of transition takes, those apart that rules count apart or
    that make different inputs live: the last are the bits of these."""
    none = [i for i, c in enumerate(edge.candidates) if c.is_none]
    others = [i for i, c in enumerate(edge.candidates) if not c.is_none]
    kinds = {st.NONE: none, st.OTHERS: others, st.ANY: sorted(none + others)}
    found = {
        kind: [(Take(False, alike), adds, 0) for alike, adds in tally.groups(options)]
        for kind, options in kinds.items()
    }
    found[st.LIVE_ONES] = [
        (Take(True, alike), adds, read)
        for read, options in roles.alike(edge, others)
        for alike, adds in tally.groups(options)
    ]
    return found
