"""Whether an architecture keeps to its space's rules and limits, fast, and which ones it breaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from autorecon.graph.architectures.architectures import Architectures
from autorecon.graph.architectures.codec import Picks
from autorecon.graph.counting.cost import measures
from autorecon.lang import Edge
from autorecon.lang.program.measures import NAMES
from autorecon.lang.program.rules import Limit, Rule


class Choosing(Protocol):
    """What picks make of a space's edges, which are numbered in the text's order."""

    def candidates(self, picks: Sequence[int]) -> list[int]:
        """Of each edge, live or not."""

    def live_part(self, picks: Sequence[int]) -> Mapping[int, int]:
        """Those of live edges, by the edge's number."""


class Restrictions:
    """The rules and limits of one space, built once and asked many times."""

    def __init__(self, space: Architectures, choosing: Choosing) -> None:
        program = space.program
        self._choosing, self._edges = choosing, program.edges
        place = {edge.name: index for index, edge in enumerate(program.edges)}
        self._rules = [(rule, _counted(rule, program.edges, place)) for rule in program.rules]
        self._costs = measures(program)
        self._limits = program.limits
        self._limited_measures = [NAMES.index(limit.measure) for limit in program.limits]

    def obeyed(self, picks: Sequence[int]) -> bool:
        """Whether all of them hold."""
        if any(not rule.least <= count <= rule.most for rule, count in self._counts(picks)):
            return False
        return all(limit.least <= cost <= limit.most for limit, cost in self._limited(picks))

    def broken(self, picks: Picks) -> list[tuple[Rule | Limit, int]]:
        """Those that do not hold, each with what it counts or measures."""
        found = self._figures(picks)
        return [(one, figure) for one, figure in found if not one.least <= figure <= one.most]

    def excess(self, picks: Sequence[int]) -> float:
        """How far they are from holding: of each what is missing or too much, as a part of it."""
        return sum(
            max(one.least - figure, figure - one.most, 0) / max(figure, 1)
            for one, figure in self._figures(picks)
        )

    def costs(self, picks: Sequence[int]) -> list[int]:
        """What is live costs, one number a measure."""
        return self._measured(picks, range(len(NAMES)))

    def _measured(self, picks: Sequence[int], measures: Iterable[int]) -> list[int]:
        part = [(self._edges[i], c) for i, c in self._choosing.live_part(picks).items()]
        nodes = {end for edge, _ in part for end in (edge.source, edge.target)}
        found = []
        for costs in (self._costs[measure] for measure in measures):
            # Edges that share weights have them once.
            once = {costs.owners.get(e.name, e.name): costs.edges[e.name][c] for e, c in part}
            found.append(sum(costs.nodes[name] for name in nodes) + sum(once.values()))
        return found

    def _figures(self, picks: Sequence[int]) -> list[tuple[Rule | Limit, int]]:
        return [*self._limited(picks), *self._counts(picks)]

    def _counts(self, picks: Sequence[int]) -> list[tuple[Rule, int]]:
        chosen = self._choosing.candidates(picks) if self._rules else []
        return [
            (rule, sum(counts[chosen[index]] for index, counts in counted))
            for rule, counted in self._rules
        ]

    def _limited(self, picks: Sequence[int]) -> list[tuple[Limit, int]]:
        costs = self._measured(picks, self._limited_measures) if self._limits else []
        return list(zip(self._limits, costs, strict=True))


# Of each edge that a rule is about: its index, and which of its candidates count.
_Counts = list[tuple[int, tuple[bool, ...]]]


def _counted(rule: Rule, edges: Sequence[Edge], place: Mapping[str, int]) -> _Counts:
    found = ((place[name], edges[place[name]]) for name in rule.edges)
    return [(index, tuple(map(rule.matches, edge.candidates))) for index, edge in found]
