"""Whether an architecture keeps to its space's rules and limits, fast, and which ones it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from autorecon.graph.architectures.architectures import Architectures
from autorecon.graph.architectures.codec import Picks
from autorecon.graph.counting.cost import measures
from autorecon.lang import Program
from autorecon.lang.program.measures import NAMES
from autorecon.lang.program.rules import Count, Limit, Rule


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
        self._counters = [[_counter(count, program) for count in r.counts] for r in program.rules]
        self._rules = program.rules
        self._costs = measures(program)
        self._limits = program.limits
        self._limited_measures = [NAMES.index(limit.measure) for limit in program.limits]

    def obeyed(self, picks: Sequence[int]) -> bool:
        """Whether all of them hold."""
        if any(not _holds(rule, figures) for rule, figures in self._counted(picks)):
            return False
        return all(limit.least <= cost <= limit.most for limit, cost in self._limited(picks))

    def broken(self, picks: Picks) -> list[tuple[Rule | Limit, int]]:
        """Those that do not hold, each with what it measures, or counts of what it claims."""
        costly = [(o, cost) for o, cost in self._limited(picks) if not o.least <= cost <= o.most]
        return costly + [
            (rule, figures[-1])
            for rule, figures in self._counted(picks)
            if not _holds(rule, figures)
        ]

    def excess(self, picks: Sequence[int]) -> float:
        """How far they are from holding: of each what is missing or too much, as a part of it."""
        costs = sum(_missing(limit, cost) for limit, cost in self._limited(picks))
        return costs + sum(
            min(map(_missing, rule.counts, figures)) for rule, figures in self._counted(picks)
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

    def _counted(self, picks: Sequence[int]) -> Iterator[tuple[Rule, list[int]]]:
        """Each rule with what its counts are."""
        chosen = self._choosing.candidates(picks) if self._rules else []
        for rule, counters in zip(self._rules, self._counters, strict=True):
            yield rule, [counter(picks, chosen) for counter in counters]

    def _limited(self, picks: Sequence[int]) -> list[tuple[Limit, int]]:
        costs = self._measured(picks, self._limited_measures) if self._limits else []
        return list(zip(self._limits, costs, strict=True))


def _holds(rule: Rule, figures: Sequence[int]) -> bool:
    return any(count.holds(figure) for count, figure in zip(rule.counts, figures, strict=True))


def _missing(one: Limit | Count, figure: int) -> float:
    return max(one.least - figure, figure - one.most, 0) / max(figure, 1)


# What a rule counts, by an architecture's picks and the candidates of all edges.
_Counter = Callable[[Sequence[int], Sequence[int]], int]


def _counter(count: Count, program: Program) -> _Counter:
    if count.choice is not None:
        return _of_choice(count.choice, count.places, program)
    place = {edge.name: index for index, edge in enumerate(program.edges)}
    edges = [(place[name], program.edges[place[name]]) for name in count.edges]
    counted = [(index, tuple(map(count.matches, edge.candidates))) for index, edge in edges]
    return lambda picks, chosen: sum(matches[chosen[index]] for index, matches in counted)


def _of_choice(name: str, places: frozenset[int], program: Program) -> _Counter:
    if name not in program.decisions:  # of a genotype
        taken = program.picks[name] in places
        return lambda picks, chosen: taken
    index = list(program.decisions).index(name)
    return lambda picks, chosen: picks[index] in places
