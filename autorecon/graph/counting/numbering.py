"""The paths of a diagram that limits leave, numbered from 0: for drawing one like any other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate

from autorecon.graph.counting.cost import COUNT, measures
from autorecon.graph.counting.decision_diagram import Diagram, Take, Weights
from autorecon.graph.counting.limited_sums import Bounds, Graded, LimitedSum, Rests
from autorecon.lang import Edge, Node, Program

# An arc that leads to a state or from it: the other state, what it costs, the candidate that it
# takes (None where that is nobody's choice), and in how many ways it does.
_Way = tuple[int, int, int | None, int]
_Ways = Sequence[Sequence[_Way]]


class Numbering:
    """Each path as the candidates that it takes, by edge; raises FrontierTooWide.

    With weights there are as many paths in the place of each as the product of those.
    """

    def __init__(self, program: Program, diagram: Diagram, weights: Weights | None = None) -> None:
        self._weights = weights or Weights()
        self._bounds = Bounds.of(program.limits)
        self._costs = measures(program)
        self._layers, self._every = diagram.layers, diagram.every
        counts = LimitedSum(diagram, self._weights, COUNT, self._costs, self._bounds)
        self._before, self._behind = counts.before, counts.behind[::-1]
        self._meeting = len(self._before) - 1
        self._joined = list(self._joints())
        self._upto = list(accumulate(count for *_, count in self._joined))
        self.size = self._upto[-1] if self._upto else 0

    def path(self, number: int) -> dict[str, int]:
        """The candidates of the path with this number, 0 to size - 1, by edge name."""
        return {name: option for name, (option, _) in self.ways(number).items()}

    def ways(self, number: int) -> dict[str, tuple[int, int]]:
        """The same with which of the ways it is to take each, from 0."""
        index = bisect_right(self._upto, number)
        state, cost, count = self._joined[index]
        number -= self._upto[index] - count
        first, second = divmod(number, count // self._before[-1][state][cost])
        for rest, here in self._behind[0][state].items():
            if self._bounds.hold(cost + rest):
                if second < here:
                    break
                second -= here
        return dict([*self._back(state, cost, first), *self._on(state, rest, second)])

    def _joints(self) -> Iterator[tuple[int, int, int]]:
        """The states where both halves meet, with each cost before and how many paths there are."""
        for state, before in enumerate(self._before[-1]):
            rests = Rests(self._behind[0][state], self._bounds, COUNT)
            for cost, count in before.items():
                if within := rests.within(cost):
                    yield state, cost, count * within

    def _back(self, state: int, cost: int, number: int) -> Iterator[tuple[str, tuple[int, int]]]:
        for layer in range(self._meeting - 1, -1, -1):
            ways, counts = self._into[layer][state], self._before[layer]
            state, cost, number, option, way = _step(ways, counts, cost, number)
            if option is not None:
                yield self._layers[layer].owner.name, (option, way)

    def _on(self, state: int, cost: int, number: int) -> Iterator[tuple[str, tuple[int, int]]]:
        for place, layer in enumerate(self._layers[self._meeting :]):
            ways, counts = self._out[place][state], self._behind[place + 1]
            state, cost, number, option, way = _step(ways, counts, cost, number)
            if option is not None:
                yield layer.owner.name, (option, way)

    @cached_property
    def _into(self) -> Sequence[_Ways]:
        """Of each layer before the meeting and each state, the ways that lead there."""
        found = []
        for layer in self._layers[: self._meeting]:
            ways: list[list[_Way]] = [[] for _ in range(layer.size)]
            for take, arcs in layer.arcs.items():
                taken = self._taken(layer.owner, take)
                for old, new in arcs:
                    ways[new] += [(old, *each) for each in taken]
            found.append(ways)
        return found

    @cached_property
    def _out(self) -> Sequence[_Ways]:
        """Of each layer behind the meeting and each state before it, the ways on."""
        found = []
        for place, layer in enumerate(self._layers[self._meeting :]):
            ways: list[list[_Way]] = [[] for _ in self._behind[place]]
            for take, arcs in layer.arcs.items():
                taken = self._taken(layer.owner, take)
                for old, new in arcs:
                    ways[old] += [(new, *each) for each in taken]
            found.append(ways)
        return found

    def _taken(self, owner: Node | Edge, take: Take) -> list[tuple[int, int | None, int]]:
        if isinstance(owner, Node):
            costs = [c.nodes[owner.name] if take.live else 0 for c in self._costs]
            return [(self._bounds.key(costs), None, 1)]
        if not take.live and not self._every:
            return [(0, None, 1)]
        counts = self._weights.edges if take.live else self._weights.idle
        return [
            (
                self._bounds.key(self._of(owner, option)) if take.live else 0,
                option,
                counts[owner.name][option] if counts else 1,
            )
            for option in take.options
        ]

    def _of(self, edge: Edge, option: int) -> list[int]:
        return [c.edges[edge.name][option] for c in self._costs]


def _step(
    ways: Sequence[_Way], counts: Sequence[Graded], cost: int, number: int
) -> tuple[int, int, int, int | None, int]:
    """Which way the path with this number takes, and its number among those on that way."""
    for state, part, option, times in ways:
        here = counts[state].get(cost - part, 0)
        if number < here * times:
            way, number = divmod(number, here)
            return state, cost - part, number, option, way
        number -= here * times
    raise AssertionError("a number past the last")
