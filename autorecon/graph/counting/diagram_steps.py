"""The steps in which a space is decided: a node's status, a tied decision, an edge's candidates.

The statuses of an edge's two ends say which of its candidates are possible. So nodes are taken one
after the other, and only those that still have edges to come, the frontier, need a status. A state
holds the frontier's statuses, three bits a node, how far the rules have counted, and what the tied
decisions are of which edges are still to come; the lowest bits say whether inputs of the required
roles are live: as a rule one, of the noise.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Literal, NamedTuple

import attrs

from autorecon.graph.counting import node_status as st
from autorecon.graph.counting.elimination import elimination_order
from autorecon.graph.counting.roles import Roles
from autorecon.graph.counting.rule_counts import Adds, Fields, Tallies, Tally, binding_rules
from autorecon.lang import Decision, Edge, Node, Program
from autorecon.lang.program.ties import combinations

BITS, MASK = 3, 7

Owner = Node | Edge | Decision
# What paths are: all architectures, at least one of each generator, or just one of each.
PathKind = Literal["every", "some", "one"]
# Of each tied decision, the options that one token in a state stands for.
Tokens = Mapping[str, Sequence[Sequence[int]]]

# The candidate that edges with the same decision show already.
AS_BEFORE = -1


class Take(NamedTuple):
    """What an arc takes: whether its node or edge is live, and which options.

    Those of a tied decision are its own, and those of an edge rows of its table, with the first of
    a tied decision's options for all of its token. Where one path stands for all architectures of a
    generator, they are a live edge's candidates.
    """

    live: bool
    options: tuple[int, ...] = ()


IDLE = Take(live=False)
Arcs = Mapping[Take, Sequence[tuple[int, int]]]

# Ways on from a state: the bits that it keeps, those that are set, and what they take.
Moves = list[tuple[int, int, Take]]


@attrs.frozen
class Step:
    """Something is decided; `mask` are the bits that matter.

    A state is looked at `looks` times, and has at least `ways` on.
    """

    owner: Owner
    mask: int
    moves: Callable[[int], Moves]
    looks: int = 1
    ways: int = 1

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
        """The same for sets of states, which what cannot be seen of a generator keeps together:
        tied decisions that no live edge shows, and choices on edges that are not live."""
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


def steps(program: Program, paths: PathKind, tokens: Tokens) -> Iterator[Step]:
    """What is decided one after the other, from the state 0 to that of all required roles."""
    program = _joined(program)
    # Rules look at what is not live, too: there every choice makes a difference.
    every = paths == "every" or (paths == "one" and bool(binding_rules(program)))
    roles = Roles(program.required)
    fields = Fields(roles.width)
    tallies, ties = Tallies(program, fields), _Ties(program, fields, tokens, paths == "one")
    initial = st.initial_statuses(program, every, lacks_none=ties.may_lack_none)
    order = elimination_order(program, initial)
    undecided = Counter(end for edge in program.edges for end in _ends_of(edge))
    for name, edges in _edges_by_later_end(program.edges, order):
        shift = fields.take(name, BITS)
        yield _node_step(program.nodes[name], shift, initial[name], roles)
        # Those without `none` leave the fewest states: first.
        for edge in sorted(edges, key=lambda edge: edge.none is not None):
            undecided.subtract(_ends_of(edge))
            last = [bit * (not undecided[name, bit]) for name, bit in _ends_of(edge)]
            done = [not undecided[n, st.IN] + undecided[n, st.OUT] for n, _ in _ends_of(edge)]
            shifts = fields.shift(edge.source), fields.shift(edge.target)
            yield from ties.opened(edge)
            tally, tie = tallies.of(edge), ties.of(edge)
            yield _edge_step(edge, shifts, last, done, every, tally, roles, tie)
            for (end, _), forgotten in zip(_ends_of(edge), done, strict=True):
                if forgotten:
                    fields.free(end)


def _joined(program: Program) -> Program:
    """Without labels that only conditional norms read: no edges, nothing to decide."""
    ends = {end for edge in program.edges for end in (edge.source, edge.target)}
    nodes = {name: node for name, node in program.nodes.items() if name in ends}
    return attrs.evolve(program, nodes=nodes)


def _ends_of(edge: Edge) -> tuple[tuple[str, int], tuple[str, int]]:
    return (edge.source, st.OUT), (edge.target, st.IN)


def _edges_by_later_end(
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


@attrs.frozen
class _Field:
    """Where a state holds a tied decision's token, and in the lowest bit whether a live edge has
    shown which of the token's options it is: then it shows `AS_BEFORE`."""

    decision: Decision
    tokens: Sequence[Sequence[int]]
    shift: int

    @property
    def mask(self) -> int:
        return (2 << (len(self.tokens) - 1).bit_length()) - 1 << self.shift

    def token(self, state: int) -> int:
        return (state & self.mask) >> self.shift + 1

    @property
    def step(self) -> Step:
        moves: Moves = [
            (-1, token << self.shift + 1, Take(False, tuple(options)))
            for token, options in enumerate(self.tokens)
        ]
        return Step(self.decision, 0, lambda _: moves, ways=len(moves))


# Of rows of an edge's table, `none` and others, those that are alike to rules and required roles:
# what an arc takes, what they add to rules, and the bits of inputs that they make live.
Groups = dict[str, list[tuple[Take, Adds, int]]]


@attrs.frozen
class _Tie:
    """The tied decisions that one edge depends on."""

    fields: tuple[_Field, ...]
    closed: int  # the bits of those that no other edge will ask for
    shown: int  # the bit that says that the edge's candidate has been shown; 0: it has none
    rows: Mapping[tuple[int, ...], Sequence[int]]  # by tokens
    by_candidate: bool

    @property
    def mask(self) -> int:
        return sum(field.mask for field in self.fields)

    def tokens(self, state: int) -> tuple[int, ...]:
        return tuple(field.token(state) for field in self.fields)

    def shows(self, edge: Edge, rows: Sequence[int], told: bool) -> Sequence[tuple[int, ...]]:
        """What one sees of live rows that are alike, each kind apart; `told` says that others than
        these show the same candidate."""
        if not self.by_candidate:
            return [tuple(rows)]
        candidates = tuple(dict.fromkeys(edge.table[row] for row in rows))
        # Each tells the decisions that may have made it from those that have not.
        apart = told or (self.fields and not self.shown)
        return [(candidate,) for candidate in candidates] if apart else [candidates]


class _Ties:
    """The tied decisions of a space, each from its first edge to its last."""

    def __init__(self, program: Program, fields: Fields, tokens: Tokens, one: bool) -> None:
        self._program, self._fields, self._tokens, self._one = program, fields, tokens, one
        self._open: dict[str, _Field] = {}
        self._uses = Counter(axis for edge in program.edges for axis in edge.axes)
        self._rows = {edge.name: self._by_tokens(edge) for edge in program.edges}

    def may_lack_none(self, edge: Edge) -> bool:
        """Whether with some options of what is tied it cannot be `none`."""
        none = [candidate.is_none for candidate in edge.candidates]
        return not all(
            any(none[edge.table[row]] for row in rows) for rows in self._rows[edge.name].values()
        )

    def opened(self, edge: Edge) -> Iterator[Step]:
        """Steps that decide what edges before this one have not depended on."""
        for axis in edge.axes:
            if axis in self._tokens and axis not in self._open:
                tokens = self._tokens[axis]
                width = 1 + (len(tokens) - 1).bit_length()
                shift = self._fields.take(("decision", axis), width)
                self._open[axis] = _Field(self._program.decisions[axis], tokens, shift)
                yield self._open[axis].step

    def of(self, edge: Edge) -> _Tie:
        """Its own; to be asked once for every edge, in their order."""
        self._uses.subtract(edge.axes)
        own = tuple(self._open[axis] for axis in edge.axes if axis in self._tokens)
        closed = [field for field in own if not self._uses[field.decision.name]]
        for field in closed:
            self._fields.free(("decision", field.decision.name))
        several = self._one and len(own) == 1 and any(len(t) > 1 for t in own[0].tokens)
        return _Tie(
            own,
            sum(field.mask for field in closed),
            1 << own[0].shift if several else 0,
            self._rows[edge.name],
            self._one,
        )

    def _by_tokens(self, edge: Edge) -> dict[tuple[int, ...], list[int]]:
        """The rows of its table by the tokens of what is tied; where a token's options make the
        same row count once, its first option's."""
        tied = [(place, axis) for place, axis in enumerate(edge.axes) if axis in self._tokens]
        if not tied:
            return {(): list(range(len(edge.table)))}
        stands_for = [(place, self._token_of(axis)) for place, axis in tied]
        found: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for row, (picks, _) in enumerate(combinations(edge, self._program)):
            here = [tokens.get(picks[place]) for place, tokens in stands_for]
            if None not in here:
                found[tuple(here)].append(row)  # type: ignore[arg-type]
        return found

    def _token_of(self, axis: str) -> dict[int, int]:
        """By option; but for `one` by a token's first option alone."""
        tokens = enumerate(self._tokens[axis])
        return {o: token for token, some in tokens for o in (some if self._one else some[:1])}


def _edge_step(
    edge: Edge,
    shifts: tuple[int, int],
    last: Sequence[int],
    done: Sequence[bool],
    every: bool,
    tally: Tally,
    roles: Roles,
    tie: _Tie,
) -> Step:
    """`last` are the directions in which this is the last edge of its source and of its target:
    there they must be settled. `done` says which of the two have no more edges: they are forgotten.
    """
    first, second = shifts
    decided = MASK << first | MASK << second | tally.mask
    groups = {tokens: _groups(edge, rows, tally, roles, tie) for tokens, rows in tie.rows.items()}

    def moves(state: int) -> Moves:
        found: Moves = []
        source, target = state >> first & MASK, state >> second & MASK
        here = groups[tie.tokens(state)]
        offer = bool(here[st.NONE]), bool(here[st.OTHERS])
        for *after, takes in st.transitions(*offer, source, target, every):
            if not all(map(st.settled, after, last)):
                continue
            source_bits, target_bits = (s * (not d) for s, d in zip(after, done, strict=True))
            put = source_bits << first | target_bits << second
            for take, adds, read in here[takes]:
                counted = tally.put(state, adds)
                if counted is None:
                    continue
                bits = put | counted | read
                if take.live and tie.shown:
                    take = Take(True, (AS_BEFORE,)) if state & tie.shown else take
                    bits |= tie.shown & ~tie.closed
                found.append((~(decided | tie.closed), bits, take))
        return found

    return Step(edge, decided | tie.mask, moves, looks=1 + tally.looks)


def _groups(edge: Edge, rows: Sequence[int], tally: Tally, roles: Roles, tie: _Tie) -> Groups:
    none = [row for row in rows if edge.candidates[edge.table[row]].is_none]
    others = [row for row in rows if not edge.candidates[edge.table[row]].is_none]
    kinds = {st.NONE: none, st.OTHERS: others, st.ANY: rows}
    found: Groups = {
        kind: [(Take(False, alike), adds, 0) for adds, _, alike in _alike(edge, some, tally)]
        for kind, some in kinds.items()
    }
    live = _alike(edge, others, tally, roles)
    candidates = [candidate for *_, rows in live for candidate in {edge.table[r] for r in rows}]
    told = len({*candidates}) < len(candidates)
    found[st.LIVE_ONES] = [
        (Take(True, shown), adds, read)
        for adds, read, alike in live
        for shown in tie.shows(edge, alike, told)
    ]
    return found


def _alike(
    edge: Edge, rows: Iterable[int], tally: Tally, roles: Roles | None = None
) -> list[tuple[Adds, int, tuple[int, ...]]]:
    """Rows that all rules count alike and that make the same inputs live, after both."""
    found: dict[tuple[Adds, int], list[int]] = defaultdict(list)
    for row in rows:
        candidate = edge.table[row]
        read = roles.read(edge.candidates[candidate]) if roles else 0
        found[tally.adds(row), read].append(row)
    return [(adds, read, tuple(alike)) for (adds, read), alike in found.items()]
