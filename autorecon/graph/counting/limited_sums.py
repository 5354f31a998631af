"""Sums over what limits leave of a diagram.

A limit is about the cost of a whole path, so values are kept apart by the cost so far: a GRADED
value is a mapping from costs to values. Some come from the start and some from the end, and where
they meet, costs before are joined with those costs behind for which the limits leave room. Meeting
in the middle keeps the mappings small: different costs multiply from layer to layer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import attrs

from autorecon.graph.counting.cost import Costs, measures, separate
from autorecon.graph.counting.decision_diagram import (
    Diagram,
    FrontierTooWide,
    Layer,
    Semiring,
    Weights,
)
from autorecon.graph.counting.diagram_steps import Owner, Take
from autorecon.lang import Edge, Program
from autorecon.lang.program.measures import FREE, NAMES

if TYPE_CHECKING:
    from autorecon.lang.program.rules import Limit

# Half a second, of which a table has eight; past it a space has too many different costs for an
# exact answer. `paper.space` within two limits needs 290,000.
MAX_TERMS = 600_000

# By cost: several measures are one number, in which each has bits of its own.
Graded = Mapping[int, Any]
_BITS = 80  # more than any sum of costs takes
_MASK = (1 << _BITS) - 1


@attrs.frozen
class Bounds:
    """What limits ask of each measure that they are about."""

    measures: tuple[int, ...]
    least: tuple[float, ...]
    most: tuple[float, ...]

    @classmethod
    def of(cls, limits: Iterable[Limit]) -> Bounds:
        found: dict[int, list[Limit]] = defaultdict(list)
        for limit in limits:
            found[NAMES.index(limit.measure)].append(limit)
        least = tuple(max(limit.least for limit in alike) for alike in found.values())
        most = tuple(min(limit.most for limit in alike) for alike in found.values())
        return cls(tuple(found), least, most)

    def key(self, costs: Sequence[int]) -> int:
        """The costs of all measures as one number, without those that have no limit."""
        return sum(costs[m] << _BITS * place for place, m in enumerate(self.measures))

    def hold(self, key: int) -> bool:
        """Whether these costs are within all limits."""
        for least, most in zip(self.least, self.most, strict=True):
            if not least <= key & _MASK <= most:
                return False
            key >>= _BITS
        return True

    def room(self, key: int) -> Callable[[int], bool]:
        """Whether these costs and more may still be within all limits."""
        if len(self.most) == 1:  # which Python compares without a function of ours
            return (self.most[0] - key).__ge__
        return lambda more: self._leave_room(key + more)

    def _leave_room(self, key: int) -> bool:
        for most in self.most:
            if key & _MASK > most:
                return False
            key >>= _BITS
        return True


def within_limits(program: Program, parts: Diagram, weights: Weights, semiring: Semiring) -> Any:
    """The sum over a diagram of `program`, of which its limits take their part.

    Raises FrontierTooWide where that leaves too many different costs.
    """
    if not program.limits:
        return parts.total(weights, semiring)
    return limited_sum(program, parts, weights, semiring).total


def limited_sum(
    program: Program, parts: Diagram, weights: Weights, semiring: Semiring
) -> LimitedSum:
    """The same with all that leads to it."""
    costs = separate(program) if program.limits else measures(program)
    return LimitedSum(parts, weights, semiring, costs, Bounds.of(program.limits))


@attrs.define
class LimitedSum:
    """The sum over those paths of a diagram whose cost `bounds` allow; raises FrontierTooWide.

    `weights` are those of `semiring`, `costs` those of all three measures.
    """

    diagram: Diagram
    weights: Weights
    semiring: Semiring
    costs: Sequence[Costs]
    bounds: Bounds
    terms: int = attrs.field(default=0, init=False)
    # By layer and state, up to where they meet and, from the last layer back, down to it.
    before: list[Sequence[Graded]] = attrs.field(factory=list, init=False)
    behind: list[Sequence[Graded]] = attrs.field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        layers, final = self.diagram.layers, self.diagram.final
        sizes = [1, *(layer.size for layer in layers)]
        self.before.append([{0: self.semiring.one}])
        self.behind.append(
            [{0: self.semiring.one} if state == final else {} for state in range(sizes[-1])]
        )
        first, last = 0, len(layers)
        while first < last:
            if _size(self.before[-1]) <= _size(self.behind[-1]):
                self.before.append(self._forward(layers[first]))
                first += 1
            else:
                last -= 1
                self.behind.append(self._backward(layers[last], sizes[last]))

    @property
    def total(self) -> Any:
        """The sum; the semiring's zero where nothing is within the limits."""
        plus, times = self.semiring.plus, self.semiring.times
        total = self.semiring.zero
        for before, behind in zip(self.before[-1], self.behind[-1], strict=True):
            if before and behind:
                rests = Rests(behind, self.bounds, self.semiring)
                self._charge(len(before) * (len(behind) if rests.by_one else 1))
                for cost, value in before.items():
                    total = plus(total, times(value, rests.within(cost)))
        return total

    def weight(self, owner: Owner, take: Take) -> Graded:
        """What an arc contributes, by its cost."""
        if not isinstance(owner, Edge) or not take.live:
            value = self.weights.of(owner, take, self.diagram.every, self.semiring)
            value = self.semiring.one if value is None else value
            return {self.bounds.key(self._costs(owner, take.live)): value}
        found: dict[int, Any] = {}
        for option in take.options:
            key = self.bounds.key(self._costs(owner, True, option))
            one = Take(True, (option,))
            value = self.weights.of(owner, one, self.diagram.every, self.semiring)
            found[key] = self.semiring.plus(found[key], value) if key in found else value
        return found

    def ways(self, owner: Owner, take: Take) -> list[tuple[int, int | None]]:
        """The same one by one: what each choice costs, and its option; None is nobody's choice."""
        if take.options and (take.live or self.diagram.every):
            keys = (self.bounds.key(self._costs(owner, take.live, o)) for o in take.options)
            return list(zip(keys, take.options, strict=True))
        return [(self.bounds.key(self._costs(owner, take.live)), None)]

    def _costs(self, owner: Owner, live: bool, option: int = 0) -> Sequence[int]:
        if not live:
            return FREE
        if not isinstance(owner, Edge):
            return [cost.nodes[owner.name] for cost in self.costs]
        candidate = self.diagram.candidate(owner, option)
        return [cost.edges[owner.name][candidate] for cost in self.costs]

    def _forward(self, layer: Layer) -> Sequence[Graded]:
        after: list[dict[int, Any]] = [{} for _ in range(layer.size)]
        for take, arcs in layer.arcs.items():
            weight = self.weight(layer.owner, take)
            for old, new in arcs:
                self._add(after[new], self.before[-1][old], weight)
        return after

    def _backward(self, layer: Layer, size: int) -> Sequence[Graded]:
        earlier: list[dict[int, Any]] = [{} for _ in range(size)]
        for take, arcs in layer.arcs.items():
            weight = self.weight(layer.owner, take)
            for old, new in arcs:
                self._add(earlier[old], weight, self.behind[-1][new])
        return earlier

    def _add(self, into: dict[int, Any], first: Graded, second: Graded) -> None:
        plus, of = self.semiring.plus, self.semiring.times
        times = of
        self._charge(len(first) * len(second))
        if len(first) > len(second):  # Python is faster in a long inner loop
            first, second, times = second, first, lambda value, other: of(other, value)
        for cost, value in first.items():
            leaves_room = self.bounds.room(cost)
            for more, other in second.items():
                if leaves_room(more):
                    key, term = cost + more, times(value, other)
                    into[key] = plus(into[key], term) if key in into else term

    def _charge(self, terms: int) -> None:
        self.terms += terms
        if self.terms > MAX_TERMS:
            raise FrontierTooWide(f"its limits leave more than {MAX_TERMS:,} costs to tell apart")


class Rests:
    """The costs behind one state, of which a cost before it leaves room for some."""

    def __init__(self, behind: Graded, bounds: Bounds, semiring: Semiring) -> None:
        self._bounds, self._semiring = bounds, semiring
        self._costs = sorted(behind)
        self._values = [behind[cost] for cost in self._costs]
        self._upto = list(accumulate(self._values, semiring.plus, initial=semiring.zero))

    @property
    def by_one(self) -> bool:
        """Whether each cost is looked at; costs of one measure have an order."""
        return len(self._bounds.measures) > 1

    def within(self, cost: int) -> Any:
        """The sum of the values whose costs make the limits hold together with this one."""
        bounds = self._bounds
        if not bounds.measures or not self._costs:
            return self._upto[-1]
        if not self.by_one:
            end = bisect_right(self._costs, bounds.most[0] - cost)
            if cost + self._costs[0] >= bounds.least[0]:
                return self._upto[end]
            start = bisect_left(self._costs, bounds.least[0] - cost)
            return reduce(self._semiring.plus, self._values[start:end], self._semiring.zero)
        held = (v for c, v in zip(self._costs, self._values, strict=True) if bounds.hold(cost + c))
        return reduce(self._semiring.plus, held, self._semiring.zero)


def _size(states: Sequence[Graded]) -> int:
    return sum(map(len, states))
