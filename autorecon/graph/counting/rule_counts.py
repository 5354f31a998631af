"""How far rules have counted, kept in the states of a diagram beside the nodes' statuses."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import attrs

from autorecon.lang import Edge, Program

if TYPE_CHECKING:
    from autorecon.lang.program.rules import Rule

# What a candidate adds to each rule that its edge is in.
Adds = tuple[int, ...]


class Fields:
    """Runs of a state's bits that are in use, by what holds them; the first `reserved` are not."""

    def __init__(self, reserved: int) -> None:
        self._taken: dict[Hashable, int] = {}
        self._starts: list[int] = []  # in order
        self._ends: dict[int, int] = {}
        self._full = reserved  # below it no bit is free

    def take(self, owner: Hashable, width: int) -> int:
        """The lowest place with this many free bits."""
        index, shift = bisect_left(self._starts, self._full), self._full
        while index < len(self._starts) and self._starts[index] - shift < width:
            shift = self._ends[self._starts[index]]
            index += 1
        self._starts.insert(index, shift)
        self._taken[owner], self._ends[shift] = shift, shift + width
        while self._full in self._ends:
            self._full = self._ends[self._full]
        return shift

    def shift(self, owner: Hashable) -> int:
        return self._taken[owner]

    def free(self, owner: Hashable) -> None:
        start = self._taken.pop(owner)
        del self._starts[bisect_left(self._starts, start)], self._ends[start]
        self._full = min(self._full, start)


@attrs.frozen
class _Count:
    """A rule at one of its edges: what each candidate adds, and whether this edge is its last."""

    rule: Rule
    shift: int
    cap: int  # counts beyond make no difference
    adds: Adds
    last: bool

    @property
    def mask(self) -> int:
        return (1 << self.cap.bit_length()) - 1 << self.shift

    def put(self, state: int, add: int) -> int | None:
        """The bits that the count is from now on; None where the rule is broken."""
        count = ((state & self.mask) >> self.shift) + add
        if count > self.rule.most or (self.last and count < self.rule.least):
            return None
        return 0 if self.last else min(count, self.cap) << self.shift


@attrs.frozen
class Tally:
    """All rules that one edge is in."""

    counts: tuple[_Count, ...]

    @property
    def mask(self) -> int:
        return reduce(or_, (count.mask for count in self.counts), 0)

    def adds(self, candidate: int) -> Adds:
        """What a candidate adds to each."""
        return tuple(count.adds[candidate] for count in self.counts)

    def put(self, state: int, adds: Adds) -> int | None:
        """The bits of all counts from now on; None where a rule is broken."""
        bits = 0
        for count, add in zip(self.counts, adds, strict=True):
            put = count.put(state, add)
            if put is None:
                return None
            bits |= put
        return bits


class Tallies:
    """The rules of a space, each from its first edge to its last."""

    def __init__(self, program: Program, fields: Fields) -> None:
        self._fields = fields
        self._rules: dict[str, list[Rule]] = defaultdict(list)
        self._members: dict[int, int] = {}
        self._waiting: dict[int, int] = {}
        for rule in binding_rules(program):
            counted = counted_edges(rule, program)
            self._members[id(rule)] = self._waiting[id(rule)] = len(counted)
            for name in counted:
                self._rules[name].append(rule)

    def of(self, edge: Edge) -> Tally:
        """What its choice adds; to be asked once for every edge, in their order."""
        rules = self._rules.get(edge.name, ())
        counts = tuple(self._count(rule, edge) for rule in rules)
        for rule, count in zip(rules, counts, strict=True):
            if count.last:
                self._fields.free(id(rule))
        return Tally(counts)

    def _count(self, rule: Rule, edge: Edge) -> _Count:
        members, waiting = self._members[id(rule)], self._waiting[id(rule)]
        cap = min(int(rule.least) if rule.most == math.inf else int(rule.most), members)
        if waiting == members:
            self._fields.take(id(rule), cap.bit_length())
        self._waiting[id(rule)] = waiting - 1
        adds = tuple(int(rule.matches(c)) for c in edge.candidates)
        return _Count(rule, self._fields.shift(id(rule)), cap, adds, last=waiting == 1)


def counted_edges(rule: Rule, program: Program) -> list[str]:
    """The names of the edges that it may count."""
    known: dict[int, bool] = {}  # edges of one statement or type have one tuple of candidates
    found = []
    for name in rule.edges:
        candidates = program.by_name[name].candidates
        if id(candidates) not in known:
            known[id(candidates)] = any(map(rule.matches, candidates))
        if known[id(candidates)]:
            found.append(name)
    return found


def binding_rules(program: Program) -> list[Rule]:
    """Those that some choice of candidates breaks."""
    return [
        rule
        for rule in program.rules
        if rule.least > 0 or len(counted_edges(rule, program)) > rule.most
    ]


def unobeyable(program: Program) -> bool:
    """Whether a rule wants more than its edges offer."""
    return any(rule.least > len(counted_edges(rule, program)) for rule in program.rules)
