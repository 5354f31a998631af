"""The paths of a diagram that limits leave, numbered from 0: for drawing one like any other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate

from autorecon.graph.counting.cost import COUNT
from autorecon.graph.counting.decision_diagram import Diagram, Layer, Weights
from autorecon.graph.counting.diagram_steps import Owner
from autorecon.graph.counting.limited_sums import Graded, Rests, limited_sum
from autorecon.lang import Program

# An arc that leads to a state or from it: the other state, what it costs, and the option that it
# takes (None where that is nobody's choice).
_Way = tuple[int, int, int | None]
_Ways = Sequence[Sequence[_Way]]


class Numbering:
    """Each path as the options that it takes, by whose they are; raises FrontierTooWide."""

    def __init__(self, program: Program, diagram: Diagram) -> None:
        self._sum = counts = limited_sum(program, diagram, Weights(), COUNT)
        self._layers = diagram.layers
        self._before, self._behind = counts.before, counts.behind[::-1]
        self._meeting = len(self._before) - 1
        self._joined = list(self._joints())
        self._upto = list(accumulate(count for *_, count in self._joined))
        self.size = self._upto[-1] if self._upto else 0

    def path(self, number: int) -> list[tuple[Owner, int]]:
        """The options of the path with this number, 0 to size - 1."""
        index = bisect_right(self._upto, number)
        state, cost, count = self._joined[index]
        number -= self._upto[index] - count
        first, second = divmod(number, count // self._before[-1][state][cost])
        for rest, here in self._behind[0][state].items():
            if self._sum.bounds.hold(cost + rest):
                if second < here:
                    break
                second -= here
        return [*self._back(state, cost, first), *self._on(state, rest, second)]

    def _joints(self) -> Iterator[tuple[int, int, int]]:
        """The states where both halves meet, with each cost before and how many paths there are."""
        for state, before in enumerate(self._before[-1]):
            rests = Rests(self._behind[0][state], self._sum.bounds, COUNT)
            for cost, count in before.items():
                if within := rests.within(cost):
                    yield state, cost, count * within

    def _back(self, state: int, cost: int, number: int) -> Iterator[tuple[Owner, int]]:
        for layer in range(self._meeting - 1, -1, -1):
            ways, counts = self._into[layer][state], self._before[layer]
            state, cost, number, option = _step(ways, counts, cost, number)
            if option is not None:
                yield self._layers[layer].owner, option

    def _on(self, state: int, cost: int, number: int) -> Iterator[tuple[Owner, int]]:
        for place, layer in enumerate(self._layers[self._meeting :]):
            ways, counts = self._out[place][state], self._behind[place + 1]
            state, cost, number, option = _step(ways, counts, cost, number)
            if option is not None:
                yield layer.owner, option

    @cached_property
    def _into(self) -> Sequence[_Ways]:
        """Of each layer before the meeting and each state, the ways that lead there."""
        return [self._ways(layer, layer.size, back=True) for layer in self._layers[: self._meeting]]

    @cached_property
    def _out(self) -> Sequence[_Ways]:
        """Of each layer behind the meeting and each state before it, the ways on."""
        beyond = zip(self._layers[self._meeting :], self._behind, strict=False)
        return [self._ways(layer, len(before), back=False) for layer, before in beyond]

    def _ways(self, layer: Layer, size: int, *, back: bool) -> _Ways:
        ways: list[list[_Way]] = [[] for _ in range(size)]
        for take, arcs in layer.arcs.items():
            taken = self._sum.ways(layer.owner, take)
            for arc in arcs:
                here, there = arc[::-1] if back else arc
                ways[here] += [(there, *each) for each in taken]
        return ways


def _step(
    ways: Sequence[_Way], counts: Sequence[Graded], cost: int, number: int
) -> tuple[int, int, int, int | None]:
    """Which way the path with this number takes, and its number among those on that way."""
    for state, part, option in ways:
        here = counts[state].get(cost - part, 0)
        if number < here:
            return state, cost - part, number, option
        number -= here
    raise AssertionError("a number past the last")
