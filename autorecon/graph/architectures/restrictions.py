"""Whether an architecture keeps to its space's rules and limits, fast, and which ones it breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from autorecon.graph.architectures.architectures import Architectures, once
from autorecon.graph.architectures.codec import Picks
from autorecon.graph.architectures.ids import places
from autorecon.graph.counting.cost import measures
from autorecon.lang import Edge
from autorecon.lang.program.measures import NAMES
from autorecon.lang.program.rules import Limit, Rule


@attrs.frozen
class _Choice:
    """An edge as numbers: its ends, the places in the picks that it depends on with their numbers
    of options, the candidate by their combination, and which candidate is `none` (-1: not one)."""

    source: int
    target: int
    axes: tuple[tuple[int, int], ...]
    table: tuple[int, ...]
    none: int

    def candidate(self, picks: Sequence[int]) -> int:
        place = 0
        for axis, radix in self.axes:
            place = place * radix + picks[axis]
        return self.table[place]


class Restrictions:
    """The rules and limits of one space, built once and asked many times."""

    def __init__(self, space: Architectures) -> None:
        program = space.program
        number = {name: index for index, name in enumerate(space.order)}
        edges = sorted(program.edges, key=lambda edge: number[edge.source])
        place, radices = places(space), space.codec.radices
        self._choices = [_choice(edge, number, place, radices) for edge in edges]
        self._names = [edge.name for edge in edges]
        self._rules = [(rule, _counted(rule, edges)) for rule in program.rules]
        costs = measures(program)
        self._nodes = [[c.nodes[name] for name in space.order] for c in costs]
        self._edges = [[c.edges[edge.name] for edge in edges] for c in costs]
        self._owners = [[c.owners.get(name, name) for name in self._names] for c in costs]
        self._limits = [(limit, NAMES.index(limit.measure)) for limit in program.limits]
        self._inputs = {number[node.name] for node in program.inputs}
        self._output = number[space.output.name]

    def obeyed(self, picks: Sequence[int]) -> bool:
        """Whether all of them hold."""
        chosen = [choice.candidate(picks) for choice in self._choices]
        counts = ((rule, _sum(counted, chosen)) for rule, counted in self._rules)
        if any(not rule.least <= count <= rule.most for rule, count in counts):
            return False
        return all(limit.least <= cost <= limit.most for limit, cost in self._limited(chosen))

    def broken(self, picks: Picks) -> list[tuple[Rule | Limit, int]]:
        """Those that do not hold, each with what it counts or measures."""
        found = self._figures([choice.candidate(picks) for choice in self._choices])
        return [(one, figure) for one, figure in found if not one.least <= figure <= one.most]

    def excess(self, picks: Sequence[int]) -> float:
        """How far they are from holding: of each what is missing or too much, as a part of it."""
        found = self._figures([choice.candidate(picks) for choice in self._choices])
        return sum(
            max(one.least - figure, figure - one.most, 0) / max(figure, 1) for one, figure in found
        )

    def _figures(self, chosen: Sequence[int]) -> list[tuple[Rule | Limit, int]]:
        rules = [(rule, _sum(counted, chosen)) for rule, counted in self._rules]
        return [*self._limited(chosen), *rules]

    def costs(self, picks: Picks) -> list[int]:
        """What is live costs, one number a measure."""
        return self._costs([choice.candidate(picks) for choice in self._choices])

    def live_edges(self, picks: Picks) -> set[str]:
        """The names of those that are live."""
        _, edges = self._live([choice.candidate(picks) for choice in self._choices])
        return {self._names[index] for index in edges}

    def _limited(self, chosen: Sequence[int]) -> list[tuple[Limit, int]]:
        costs = self._costs(chosen) if self._limits else []
        return [(limit, costs[measure]) for limit, measure in self._limits]

    def _costs(self, chosen: Sequence[int]) -> list[int]:
        nodes, edges = self._live(chosen)
        found = []
        for own, candidates, owners in zip(self._nodes, self._edges, self._owners, strict=True):
            # Edges that share weights have them once.
            once = {owners[e]: candidates[e][chosen[e]] for e in edges}
            found.append(sum(own[node] for node in nodes) + sum(once.values()))
        return found

    def _live(self, chosen: Sequence[int]) -> tuple[set[int], list[int]]:
        """The live nodes and edges; edges stand in their sources' topological order."""
        there = [i for i, c in enumerate(self._choices) if chosen[i] != c.none]
        reached, needed = set(self._inputs), {self._output}
        for index in there:
            if self._choices[index].source in reached:
                reached.add(self._choices[index].target)
        for index in reversed(there):
            if self._choices[index].target in needed:
                needed.add(self._choices[index].source)
        nodes = reached & needed
        edges = [i for i in there if {self._choices[i].source, self._choices[i].target} <= nodes]
        return nodes, edges


def _choice(
    edge: Edge, number: Mapping[str, int], place: Mapping[str, int], radices: Sequence[int]
) -> _Choice:
    axes = tuple((place[axis], radices[place[axis]]) for axis in edge.axes)
    none = next((i for i, c in enumerate(edge.candidates) if c.is_none), -1)
    return _Choice(number[edge.source], number[edge.target], axes, edge.table, none)


# Of each edge that a rule is about: its index, and which of its candidates count.
_Counts = list[tuple[int, tuple[bool, ...]]]


def _counted(rule: Rule, edges: Sequence[Edge]) -> _Counts:
    there = set(rule.edges)
    return [
        (index, tuple(map(rule.matches, edge.candidates)))
        for index, edge in enumerate(edges)
        if edge.name in there
    ]


def _sum(counts: _Counts, chosen: Sequence[int]) -> int:
    return sum(counted[chosen[index]] for index, counted in counts)


@once
def restrictions(space: Architectures) -> Restrictions | None:
    """Its rules and limits, to be asked of picks; None where nothing is restricted."""
    return Restrictions(space) if space.program.is_restricted else None
