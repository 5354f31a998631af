"""All different generators of a space in which decisions are tied, counted and numbered.

As in `frontier`, nodes and edges are taken one after the other, and what one can see of a generator
is noted: which nodes and edges are live, and with which candidates. What one cannot see, the picks
of tied decisions that no live edge shows and how other nodes are reached, is kept as the
SET of all that is possible. So each generator is one path, however many architectures make it: this
is the subset construction, which makes an automaton deterministic.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import product

import attrs

from autorecon.graph.counting import node_status as st
from autorecon.graph.counting.decision_diagram import (
    BITS,
    MASK,
    MAX_STEPS,
    FrontierTooWide,
    edges_by_later_end,
    ends_of,
    joined,
)
from autorecon.graph.counting.elimination import elimination_order
from autorecon.lang import Edge, Node, Program
from autorecon.lang.program.tied_cases import classes, combinations, tied_decisions

# One of several candidates that a live edge may have; AS_BEFORE is the one that edges with the same
# decision show already.
AS_BEFORE = -1
NOISE = 1  # the bit of a state that says whether a noise input is live
Labels = tuple[int, ...]
# Where one can go from a state: the state after it, and the candidates that lead there; none where
# nothing live is seen.
Arcs = list[tuple[int, Labels]]
_State = frozenset[int]


@attrs.frozen
class Layer:
    """A node or an edge: the arcs from each state before it."""

    owner: Node | Edge
    arcs: list[Arcs]
    size: int


@attrs.frozen
class TiedParts:
    """Paths from the one state at the start to `final` (-1: there is none) are the generators, an
    arc as many times as it has labels."""

    layers: tuple[Layer, ...]
    final: int

    def tables(self) -> list[list[int]]:
        """How many ways lead to each state at the start and after each layer."""
        tables = [[1]]
        for layer in self.layers:
            after = [0] * layer.size
            for count, arcs in zip(tables[-1], layer.arcs, strict=True):
                for new, labels in arcs:
                    after[new] += count * (len(labels) or 1)
            tables.append(after)
        return tables

    @property
    def size(self) -> int:
        return 0 if self.final < 0 else self.tables()[-1][self.final]


@attrs.frozen
class _Field:
    """Where a state holds the pick of a tied decision, and what can stand there.

    Options that leave out the same edges are one token, if any live edge shows which of them it is
    and edges depend on nothing beside; the lowest bit then says whether one has shown it.
    """

    name: str
    shift: int
    tokens: list[list[int]]
    is_plain: bool

    def put(self, token: int, shown: bool = False) -> int:
        return (token << 1 | shown) << self.shift

    @property
    def mask(self) -> int:
        return (2 << len(self.tokens).bit_length()) - 1 << self.shift

    def read(self, state: int) -> tuple[int, bool]:
        value = (state & self.mask) >> self.shift
        return value >> 1, bool(value & 1)


def tied_parts(program: Program) -> TiedParts:
    """The generators of a space; raises FrontierTooWide."""
    layers, states, steps = [], {frozenset([0]): 0}, 0
    for step in _steps(joined(program)):
        layer, states = step.apply(states)
        layers.append(layer)
        steps += sum(map(len, states))
        if steps > MAX_STEPS:
            raise FrontierTooWide(f"it takes more than {MAX_STEPS:,} steps to sum over the space")
    return TiedParts(tuple(layers), states.get(frozenset([NOISE]), -1))


@attrs.frozen
class _NodeStep:
    node: Node
    shift: int
    initial: Sequence[int]

    def apply(self, states: dict[_State, int]) -> tuple[Layer, dict[_State, int]]:
        after: dict[_State, int] = {}
        arcs: list[Arcs] = []
        for state in states:
            seen: dict[bool, set[int]] = defaultdict(set)
            for member in state:
                for status in self.initial:
                    live = st.kind(status) == st.LIVE
                    noise = NOISE * (self.node.role == "noise" and live)
                    seen[live].add(member | status << self.shift | noise)
            arcs.append([(_number(after, members), ()) for members in seen.values()])
        return Layer(self.node, arcs, len(after)), after


def _number(states: dict[_State, int], members: set[int]) -> int:
    return states.setdefault(frozenset(members), len(states))


@attrs.frozen
class _EdgeStep:
    """`last` and `done` are those of `frontier`; `opened` fields begin here, `closed` end here."""

    edge: Edge
    shifts: tuple[int, int]
    last: Sequence[int]
    done: Sequence[bool]
    fields: Sequence[_Field]
    opened: Sequence[_Field]
    closed: Sequence[_Field]
    # By the tokens of `fields`: whether it can be `none`, and its other candidates.
    offers: dict[tuple[int, ...], tuple[bool, Labels]]

    def apply(self, states: dict[_State, int]) -> tuple[Layer, dict[_State, int]]:
        after: dict[_State, int] = {}
        arcs: list[Arcs] = []
        for state in states:
            dead: set[int] = set()
            live: dict[Labels, set[int]] = defaultdict(set)
            for member in self._opened(state):
                self._member(member, dead, live)
            alike: dict[_State, Labels] = {}
            for labels, members in live.items():
                key = frozenset(members)
                alike[key] = (*alike.get(key, ()), *labels)
            found = [(_number(after, set(members)), labels) for members, labels in alike.items()]
            arcs.append([*found, *([(_number(after, dead), ())] if dead else [])])
        return Layer(self.edge, arcs, len(after)), after

    def _opened(self, state: _State) -> Iterator[int]:
        choices = [[field.put(t) for t in range(len(field.tokens))] for field in self.opened]
        return (member | sum(picks) for member in state for picks in product(*choices))

    def _member(self, member: int, dead: set[int], live: dict[Labels, set[int]]) -> None:
        """Adds what an edge makes of one member of a set to what can be seen of it."""
        read = [field.read(member) for field in self.fields]
        none, labels = self.offers[tuple(token for token, _ in read)]
        first, second = self.shifts
        kinds = member >> first & MASK, member >> second & MASK
        for *after, takes in st.transitions(none, bool(labels), *kinds, every=False):
            if not all(map(st.settled, after, self.last)):
                continue
            new = member & ~(MASK << first | MASK << second)
            for status, shift, done in zip(after, self.shifts, self.done, strict=True):
                new |= (0 if done else status) << shift
            if takes != st.LIVE_ONES:
                dead.add(self._without(new))
            elif self._is_plain:
                shown = self.fields[0].put(read[0][0], True)
                key = (AS_BEFORE,) if read[0][1] else labels
                live[key].add(self._without(new | shown))
            else:
                for label in labels:
                    live[label,].add(self._without(new))

    @property
    def _is_plain(self) -> bool:
        return len(self.fields) == 1 and self.fields[0].is_plain

    def _without(self, state: int) -> int:
        for field in self.closed:
            state &= ~field.mask
        return state


def _steps(program: Program) -> Iterator[_NodeStep | _EdgeStep]:
    fields = _fields(program)
    offers = {edge.name: _offers(edge, program, fields) for edge in program.edges}
    lacking = {
        name for name, found in offers.items() if not all(none for none, _ in found.values())
    }
    initial = st.initial_statuses(program, every=False, lacks_none=lambda e: e.name in lacking)
    order = elimination_order(program, initial)
    undecided = Counter(end for edge in program.edges for end in ends_of(edge))
    uses = Counter(axis for edge in program.edges for axis in edge.axes)
    shifts: dict[str, int] = {}
    opened: set[str] = set()
    for name, edges in edges_by_later_end(program.edges, order):
        shifts[name] = _free_shift(shifts)
        yield _NodeStep(program.nodes[name], shifts[name], initial[name])
        for edge in sorted(edges, key=st.offers_none):
            undecided.subtract(ends_of(edge))
            uses.subtract(edge.axes)
            done = [not undecided[n, st.IN] + undecided[n, st.OUT] for n, _ in ends_of(edge)]
            own = [fields[axis] for axis in edge.axes if axis in fields]
            yield _EdgeStep(
                edge,
                (shifts[edge.source], shifts[edge.target]),
                [bit * (not undecided[name, bit]) for name, bit in ends_of(edge)],
                done,
                own,
                [field for field in own if field.name not in opened],
                [field for field in own if not uses[field.name]],
                offers[edge.name],
            )
            opened.update(edge.axes)
            for (end, _), forgotten in zip(ends_of(edge), done, strict=True):
                if forgotten:
                    del shifts[end]


def _free_shift(shifts: dict[str, int]) -> int:
    shift, taken = NOISE.bit_length(), set(shifts.values())
    while shift in taken:
        shift += BITS
    return shift


def _fields(program: Program) -> dict[str, _Field]:
    """Above the statuses of as many nodes as there are."""
    shift = 1 + BITS * (len(program.nodes) + 1)
    alike, found = classes(program), {}
    for name in tied_decisions(program):
        plain = all(edge.decision == name for edge in program.edges if name in edge.axes)
        options = range(len(program.decisions[name].options))
        tokens = alike[name] if plain else [[option] for option in options]
        found[name] = _Field(name, shift, tokens, plain)
        shift += 2 + len(tokens).bit_length()
    return found


def _offers(
    edge: Edge, program: Program, fields: dict[str, _Field]
) -> dict[tuple[int, ...], tuple[bool, Labels]]:
    axes = [(place, fields[axis]) for place, axis in enumerate(edge.axes) if axis in fields]
    token = {
        (place, option): number
        for place, field in axes
        for number, options in enumerate(field.tokens)
        for option in options
    }
    found: dict[tuple[int, ...], set[int]] = defaultdict(set)
    for picks, candidate in combinations(edge, program):
        found[tuple(token[place, picks[place]] for place, _ in axes)].add(candidate)
    return {
        tokens: (
            any(edge.candidates[c].is_none for c in candidates),
            tuple(sorted(c for c in candidates if not edge.candidates[c].is_none)),
        )
        for tokens, candidates in found.items()
    }
