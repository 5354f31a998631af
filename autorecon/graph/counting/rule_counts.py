"""How far rules have counted, kept in the states of a diagram beside the nodes' statuses."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable
from functools import reduce
from itertools import accumulate
from operator import or_
from typing import TYPE_CHECKING

import attrs

from autorecon.lang import Edge, Program

if TYPE_CHECKING:
    from autorecon.lang.program.rules import Count, Rule

# What a row of an edge's table adds to each count of each rule that the edge is in.
Adds = tuple[tuple[int, ...], ...]


class Fields:
    """Runs of a state's bits that are in use, by what holds them; the first `reserved` are not."""

    def __init__(self, reserved: int) -> None:
        self._taken: dict[Hashable, int] = {}
        self._empty: set[Hashable] = set()
        self._starts: list[int] = []  # in order
        self._ends: dict[int, int] = {}
        self._full = reserved  # below it no bit is free

    def take(self, owner: Hashable, width: int) -> int:
        """The lowest place with this many free bits; none are at 0."""
        if not width:
            self._empty.add(owner)
            return 0
        index, shift = bisect_left(self._starts, self._full), self._full
        while index < len(self._starts) and self._starts[index] - shift < width:
            shift = self._ends[self._starts[index]]
            index += 1
        self._starts.insert(index, shift)
        self._taken[owner], self._ends[shift] = shift, shift + width
        while self._full in self._ends:
            self._full = self._ends[self._full]
        return shift

    def has(self, owner: Hashable) -> bool:
        return owner in self._taken or owner in self._empty

    def shift(self, owner: Hashable) -> int:
        return 0 if owner in self._empty else self._taken[owner]

    def free(self, owner: Hashable) -> None:
        if owner in self._empty:
            self._empty.remove(owner)
            return
        start = self._taken.pop(owner)
        del self._starts[bisect_left(self._starts, start)], self._ends[start]
        self._full = min(self._full, start)


@attrs.frozen
class _Part:
    """A count of a rule at one edge: what each row adds, and how many edges may still add."""

    least: float
    most: float
    shift: int
    mask: int  # of its bits
    cap: int  # counts beyond make no difference
    adds: tuple[int, ...]
    left: int

    @property
    def failed(self) -> int:
        """Bits of a count that will not hold: it does not come back from them."""
        return 0 if self.left < self.least else self.cap << self.shift


@attrs.frozen
class _Clause:
    """A rule at one of its edges: its counts, and whether this edge is its last. The bit `held`
    says that one of them holds, whatever is still chosen."""

    parts: tuple[_Part, ...]
    held: int
    last: bool
    mask: int

    def adds(self, row: int) -> tuple[int, ...]:
        return tuple(part.adds[row] for part in self.parts)

    def put(self, state: int, adds: tuple[int, ...]) -> int | None:
        """The bits of all counts from now on; None where the rule is broken."""
        held = 0 if self.last else self.held
        if state & self.held:
            return held
        bits, broken = 0, True
        for part, add in zip(self.parts, adds, strict=True):
            count, left = ((state & part.mask) >> part.shift) + add, part.left
            if count > part.most or count + left < part.least:
                bits |= part.failed
            elif part.least <= count and count + left <= part.most:
                return held
            else:
                broken = False
                bits |= min(count, part.cap) << part.shift
        return None if broken else bits


@attrs.frozen
class Tally:
    """All rules that one edge is in."""

    clauses: tuple[_Clause, ...]

    @property
    def mask(self) -> int:
        return reduce(or_, (clause.mask for clause in self.clauses), 0)

    @property
    def looks(self) -> int:
        return sum(len(clause.parts) for clause in self.clauses)

    def adds(self, row: int) -> Adds:
        """What a row of the edge's table adds to each."""
        return tuple(clause.adds(row) for clause in self.clauses)

    def put(self, state: int, adds: Adds) -> int | None:
        """The bits of all counts from now on; None where a rule is broken."""
        bits = 0
        for clause, add in zip(self.clauses, adds, strict=True):
            put = clause.put(state, add)
            if put is None:
                return None
            bits |= put
        return bits


class Tallies:
    """The rules of a space, each from its first edge to its last."""

    def __init__(self, program: Program, fields: Fields) -> None:
        self._fields, self._program = fields, program
        self._rules: dict[str, list[Rule]] = defaultdict(list)
        # Of each rule, how many of its edges are still to come, and of those of each count.
        self._waiting: dict[int, int] = {}
        self._left: dict[tuple[int, int], int] = {}
        self._edges: dict[tuple[int, int], set[str]] = {}
        for rule in binding_rules(program):
            for number, count in enumerate(rule.counts):
                counted = self._edges[id(rule), number] = {*counted_edges(count, program)}
                self._left[id(rule), number] = len(counted)
            edges = rule_edges(rule, program)
            self._waiting[id(rule)] = len(edges)
            for name in edges:
                self._rules[name].append(rule)
        self._members = {**self._left}

    def of(self, edge: Edge) -> Tally:
        """What its choice adds; to be asked once for every edge, in their order."""
        rules = self._rules.get(edge.name, ())
        clauses = tuple(self._clause(rule, edge) for rule in rules)
        for rule, clause in zip(rules, clauses, strict=True):
            if clause.last:
                self._fields.free(id(rule))
        return Tally(clauses)

    def _clause(self, rule: Rule, edge: Edge) -> _Clause:
        caps = [self._cap(rule, number) for number in range(len(rule.counts))]
        starts = [*accumulate((cap.bit_length() for cap in caps), initial=1)]
        if not self._fields.has(id(rule)):
            self._fields.take(id(rule), starts[-1])
        base = self._fields.shift(id(rule))
        self._waiting[id(rule)] -= 1
        parts = tuple(
            self._part(rule, number, edge, base + start, cap)
            for number, (start, cap) in enumerate(zip(starts, caps, strict=False))
        )
        held = 1 << base
        mask = reduce(or_, (part.mask for part in parts), held)
        return _Clause(parts, held, not self._waiting[id(rule)], mask)

    def _part(self, rule: Rule, number: int, edge: Edge, shift: int, cap: int) -> _Part:
        key, count = (id(rule), number), rule.counts[number]
        adds = (0,) * len(edge.table)
        if edge.name in self._edges[key]:
            self._left[key] -= 1
            rows = count.rows(edge, self._program.decisions, self._program.picks)
            adds = tuple(map(int, rows))
        mask = (1 << cap.bit_length()) - 1 << shift
        return _Part(count.least, count.most, shift, mask, cap, adds, self._left[key])

    def _cap(self, rule: Rule, number: int) -> int:
        count = rule.counts[number]
        enough = count.least if count.most == math.inf else count.most + 1
        return min(int(enough), self._members[id(rule), number])


def counted_edges(count: Count, program: Program) -> list[str]:
    """The names of the edges that it may count."""
    if count not in program.counted:
        program.counted[count] = _counted_edges(count, program)
    return program.counted[count]


def _counted_edges(count: Count, program: Program) -> list[str]:
    if count.choice is not None:
        return [*count.edges] if count.places else []
    known: dict[int, bool] = {}  # edges of one statement or type have one tuple of candidates
    found = []
    for name in count.edges:
        candidates = program.by_name[name].candidates
        if id(candidates) not in known:
            known[id(candidates)] = any(map(count.matches, candidates))
        if known[id(candidates)]:
            found.append(name)
    return found


def rule_edges(rule: Rule, program: Program) -> list[str]:
    """The names of the edges that any of its counts may count."""
    return [*dict.fromkeys(name for c in rule.counts for name in counted_edges(c, program))]


def binding_rules(program: Program) -> list[Rule]:
    """Those that some choice of candidates breaks."""
    return [
        rule
        for rule in program.rules
        if all(c.least > 0 or len(counted_edges(c, program)) > c.most for c in rule.counts)
    ]


def unobeyable(program: Program) -> bool:
    """Whether a rule wants more than its edges offer."""
    return any(
        all(count.least > len(counted_edges(count, program)) for count in rule.counts)
        for rule in program.rules
    )
