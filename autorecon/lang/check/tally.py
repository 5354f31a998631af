"""What rules count while decisions are made one after the other, and are taken back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import product
from math import inf

import attrs

from autorecon.lang.program.edges import Decision, Edge
from autorecon.lang.program.rules import Rule

MAX_WORK = 300_000  # looks at what an edge may be, for one question
MAX_QUESTIONS = 5  # as long as that

Picks = tuple[tuple[str, int], ...]  # decisions with the index of an option


class Entangled(Exception):
    """An answer that takes more than MAX_WORK."""


@attrs.define
class Tally:
    """`low` and `high`: between which numbers each rule's count is, whatever is still decided."""

    decisions: Mapping[str, Decision]
    rules: tuple[Rule, ...]
    ruled: list[list[Edge]]  # the edges of each rule
    # Of each edge by name: rules, with the candidates that they count.
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
        ruled = [[by_name[name] for name in rule.edges] for rule in rules]
        counted, depending = _counted(rules, ruled), defaultdict(list)
        for name in counted:
            for axis in by_name[name].axes:
                depending[axis].append(by_name[name])
        none = [0] * len(rules)
        tally = cls(decisions, rules, ruled, counted, depending, none, none.copy())
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
        changes = [(rule, low - a, high - b) for (rule, a, b), (_, low, high) in pairs]
        self._made.append((axis, changes))
        self._add(changes)
        return all(self._within(rule) for rule, _, _ in changes)

    def take_back(self, mark: int) -> None:
        """All that was decided since `mark` was what it is."""
        while len(self._made) > mark:
            axis, changes = self._made.pop()
            del self.picks[axis]
            self._add((rule, -low, -high) for rule, low, high in changes)

    def ways(self, edge: Edge, wanted: Collection[int]) -> Iterator[Picks]:
        """Decisions with which an edge is one of these candidates."""
        for picks, candidate in self._rows(edge):
            if candidate in wanted:
                yield tuple(zip(edge.axes, picks, strict=True))

    def entangled(self) -> str | None:
        """A decision that two counts depend on which may still go wrong. Where there is none, each
        of them can be any number between its bounds, whatever the others are."""
        uses: Counter[str] = Counter()
        for number in range(len(self.rules)):
            if self._is_sure(number):
                continue
            for edge in self.ruled[number]:
                open_ = [axis for axis in edge.axes if axis not in self.picks]
                counts = dict(self.counted[edge.name])[number]
                if not open_ or len({k in counts for k in self._possible(edge)}) == 1:
                    continue
                uses.update(open_)
                if len(open_) > 1 or uses[open_[0]] > 1:
                    return open_[0]
        return None

    def options(self, axis: str) -> list[int]:
        """Its options, one of those that no rule tells apart, the most promising first."""
        kinds = {self._kind(axis, k): k for k in range(len(self.decisions[axis].options))}
        return [option for (wrong, _), option in sorted(kinds.items(), key=lambda kind: kind[0])]

    def _kind(self, axis: str, option: int) -> tuple[int, tuple[int, ...]]:
        """How often it counts where it should not, or the other way round; and what it is."""
        edges = self.depending[axis]
        if any(len(edge.axes) > 1 for edge in edges):
            return 0, (option,)
        counts = [
            (rule, int(edge.table[option] in counted))
            for edge in edges
            for rule, counted in self.counted[edge.name]
        ]
        wrong = sum(n != (self.low[rule] < self.rules[rule].least) for rule, n in counts)
        return wrong, tuple(n for _, n in counts)

    def _bounds(self, edge: Edge) -> list[tuple[int, int, int]]:
        """What it adds to the bounds of each rule."""
        found = self._possible(edge)
        return [
            (rule, int(found <= counted), int(not found.isdisjoint(counted)))
            for rule, counted in self.counted[edge.name]
        ]

    def _add(self, changes: Iterable[tuple[int, int, int]]) -> None:
        for rule, low, high in changes:
            self.low[rule] += low
            self.high[rule] += high

    def _within(self, rule: int) -> bool:
        return self.low[rule] <= self.rules[rule].most and self.rules[rule].least <= self.high[rule]

    def _is_sure(self, rule: int) -> bool:
        return self.rules[rule].least <= self.low[rule] and self.high[rule] <= self.rules[rule].most

    def _possible(self, edge: Edge) -> set[int]:
        return {candidate for _, candidate in self._rows(edge)}

    def _rows(self, edge: Edge) -> list[tuple[tuple[int, ...], int]]:
        """Of the combinations of its table, with the candidates that they make, those that agree
        with what is decided."""
        self.work += len(edge.table)
        if self.work > self.most:
            raise Entangled
        radices = (range(len(self.decisions[axis].options)) for axis in edge.axes)
        known = [(i, self.picks[axis]) for i, axis in enumerate(edge.axes) if axis in self.picks]
        return [
            (picks, candidate)
            for picks, candidate in zip(product(*radices), edge.table, strict=True)
            if all(picks[i] == pick for i, pick in known)
        ]


def _counted(
    rules: Iterable[Rule], ruled: Iterable[Iterable[Edge]]
) -> dict[str, list[tuple[int, frozenset[int]]]]:
    found: dict[str, list[tuple[int, frozenset[int]]]] = defaultdict(list)
    # Edges of one statement or type have one tuple of candidates.
    known: dict[tuple[int, int], frozenset[int]] = {}
    for number, (rule, edges) in enumerate(zip(rules, ruled, strict=True)):
        for edge in edges:
            key = number, id(edge.candidates)
            if key not in known:
                matching = (k for k, c in enumerate(edge.candidates) if rule.matches(c))
                known[key] = frozenset(matching)
            found[edge.name].append((number, known[key]))
    return found
