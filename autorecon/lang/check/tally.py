"""What rules count while decisions are made one after the other, and are taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import accumulate, pairwise, product
from math import inf

import attrs

from autorecon.lang.program.edges import Decision, Edge
from autorecon.lang.program.rules import Count, Rule

MAX_WORK = 300_000  # looks at what an edge may be, for one question
MAX_QUESTIONS = 5  # as long as that

Picks = tuple[tuple[str, int], ...]  # decisions with the index of an option


class Entangled(Exception):
    """An answer that takes more than MAX_WORK."""


@attrs.define
class Tally:
    """`low` and `high`: between which numbers each count of a rule is, whatever is still decided.

    Counts are numbered, those of a rule one after the other.
    """

    decisions: Mapping[str, Decision]
    counts: list[Count]
    rules: list[range]  # the counts of each
    rule_of: list[int]  # of each count
    ruled: list[list[Edge]]  # the edges of each count
    # Of each edge by name: counts, with the rows of its table that they count.
    counted: Mapping[str, list[tuple[int, frozenset[int]]]]
    depending: Mapping[str, list[Edge]]  # edges with rules, by decision
    low: list[int]
    high: list[int]
    picks: dict[str, int] = attrs.field(factory=dict)
    work: int = 0
    most: float = inf
    _made: list[tuple[str, list[tuple[int, int, int]]]] = attrs.field(factory=list)

    @classmethod
    def of(
        cls, decisions: Mapping[str, Decision], rules: tuple[Rule, ...], edges: Iterable[Edge]
    ) -> Tally:
        by_name = {edge.name: edge for edge in edges} if rules else {}
        counts = [count for rule in rules for count in rule.counts]
        rule_of = [number for number, rule in enumerate(rules) for _ in rule.counts]
        ends = [*accumulate((len(rule.counts) for rule in rules), initial=0)]
        ranges = [range(start, end) for start, end in pairwise(ends)]
        ruled = [[by_name[name] for name in count.edges] for count in counts]
        counted, depending = _counted(counts, ruled, decisions), defaultdict(list)
        for name in counted:
            for axis in by_name[name].axes:
                depending[axis].append(by_name[name])
        none = [0] * len(counts)
        tally = cls(
            decisions, counts, ranges, rule_of, ruled, counted, depending, none, none.copy()
        )
        for name in counted:
            tally._add(tally._bounds(by_name[name]))
        tally.work = 0
        return tally

    @property
    def is_possible(self) -> bool:
        return all(self._within(number) for number in range(len(self.rules)))

    @property
    def mark(self) -> int:
        return len(self._made)

    def restart(self) -> None:
        """For another question."""
        self.take_back(0)
        self.most = min(self.work + MAX_WORK, MAX_QUESTIONS * MAX_WORK)

    def make(self, axis: str, option: int) -> bool:
        """Decide; whether the rules can still be kept as far as their counts alone tell."""
        if axis in self.picks:
            return self.picks[axis] == option
        edges = self.depending.get(axis, ())
        before = [bounds for edge in edges for bounds in self._bounds(edge)]
        self.picks[axis] = option
        after = [bounds for edge in edges for bounds in self._bounds(edge)]
        pairs = zip(before, after, strict=True)
        changes = [(count, low - a, high - b) for (count, a, b), (_, low, high) in pairs]
        self._made.append((axis, changes))
        self._add(changes)
        return all(self._within(rule) for rule in {self.rule_of[count] for count, *_ in changes})

    def take_back(self, mark: int) -> None:
        """All that was decided since `mark` was what it is."""
        while len(self._made) > mark:
            axis, changes = self._made.pop()
            del self.picks[axis]
            self._add((count, -low, -high) for count, low, high in changes)

    def ways(self, edge: Edge, wanted: Collection[int]) -> Iterator[Picks]:
        """Decisions with which an edge is one of these candidates."""
        for picks, row in self._rows(edge):
            if edge.table[row] in wanted:
                yield tuple(zip(edge.axes, picks, strict=True))

    def entangled(self) -> str | None:
        """A decision that two rules depend on which may still go wrong. Where there is none, one
        count of each of them can be any number between its bounds, whatever the others are."""
        taken: set[str] = set()
        for number, counts in enumerate(self.rules):
            if self._is_sure(number):
                continue
            ways = [self._free(count, taken) for count in counts if self._may(count)]
            free = next((own for own, other in ways if other is None), None)
            if free is None:
                return ways[0][1]
            taken |= free
        return None

    def _free(self, count: int, taken: Collection[str]) -> tuple[set[str], str | None]:
        """The decisions that a count depends on, and one that it cannot have for itself."""
        own: set[str] = set()
        for edge in self.ruled[count]:
            open_ = [axis for axis in edge.axes if axis not in self.picks]
            rows = dict(self.counted[edge.name])[count]
            if not open_ or len({row in rows for row in self._possible(edge)}) == 1:
                continue
            if len(open_) > 1 or open_[0] in own or open_[0] in taken:
                return own, open_[0]
            own.add(open_[0])
        return own, None

    def options(self, axis: str) -> list[int]:
        """Its options, one of those that no rule tells apart, the most promising first."""
        kinds = {self._kind(axis, k): k for k in range(len(self.decisions[axis].options))}
        return [option for (wrong, _), option in sorted(kinds.items(), key=lambda kind: kind[0])]

    def _kind(self, axis: str, option: int) -> tuple[int, tuple[int, ...]]:
        """How often it counts where it should not, or the other way round; and what it is."""
        edges = self.depending[axis]
        if any(len(edge.axes) > 1 for edge in edges):
            return 0, (option,)
        adds = [
            (count, int(option in rows))
            for edge in edges
            for count, rows in self.counted[edge.name]
        ]
        wrong = sum(n != (self.low[count] < self.counts[count].least) for count, n in adds)
        return wrong, tuple(n for _, n in adds)

    def _bounds(self, edge: Edge) -> list[tuple[int, int, int]]:
        """What it adds to the bounds of each count."""
        found = self._possible(edge)
        return [
            (count, int(found <= rows), int(not found.isdisjoint(rows)))
            for count, rows in self.counted[edge.name]
        ]

    def _add(self, changes: Iterable[tuple[int, int, int]]) -> None:
        for count, low, high in changes:
            self.low[count] += low
            self.high[count] += high

    def _within(self, rule: int) -> bool:
        """Whether one of its counts can still hold."""
        return any(map(self._may, self.rules[rule]))

    def _may(self, count: int) -> bool:
        bound = self.counts[count]
        return self.low[count] <= bound.most and bound.least <= self.high[count]

    def _is_sure(self, rule: int) -> bool:
        return any(
            self.counts[n].least <= self.low[n] and self.high[n] <= self.counts[n].most
            for n in self.rules[rule]
        )

    def _possible(self, edge: Edge) -> set[int]:
        """Rows of its table."""
        return {row for _, row in self._rows(edge)}

    def _rows(self, edge: Edge) -> list[tuple[tuple[int, ...], int]]:
        """The combinations of its table that agree with what is decided, each with its row."""
        self.work += len(edge.table)
        if self.work > self.most:
            raise Entangled
        radices = (range(len(self.decisions[axis].options)) for axis in edge.axes)
        known = [(i, self.picks[axis]) for i, axis in enumerate(edge.axes) if axis in self.picks]
        return [
            (picks, row)
            for row, picks in enumerate(product(*radices))
            if all(picks[i] == pick for i, pick in known)
        ]


def _counted(
    counts: Iterable[Count], ruled: Iterable[Iterable[Edge]], decisions: Mapping[str, Decision]
) -> dict[str, list[tuple[int, frozenset[int]]]]:
    found: dict[str, list[tuple[int, frozenset[int]]]] = defaultdict(list)
    # Edges of one statement or type have one tuple of candidates, and mostly one table.
    known: dict[tuple, frozenset[int]] = {}
    for number, (count, edges) in enumerate(zip(counts, ruled, strict=True)):
        for edge in edges:
            key = number, id(edge.candidates), edge.table
            if key not in known:
                rows = count.rows(edge, decisions, {})
                known[key] = frozenset(row for row, yes in enumerate(rows) if yes)
            found[edge.name].append((number, known[key]))
    return found
