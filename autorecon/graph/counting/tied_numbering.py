"""The valid architectures of a space in which decisions are tied, numbered from 0.

Case by case: with the tied decisions settled, edges choose by themselves. The numbers of a case go
on where those of the one before it end.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from itertools import accumulate

from autorecon.graph.counting.cost import COUNT
from autorecon.graph.counting.decision_diagram import Diagram, FrontierTooWide, Weights, diagram
from autorecon.graph.counting.limited_sums import within_limits
from autorecon.graph.counting.numbering import Numbering
from autorecon.graph.counting.tied_cost import Diagrams
from autorecon.lang import Edge, Pipeline, Program
from autorecon.lang.program.tied_cases import (
    Case,
    cases,
    combinations,
    is_possible,
    picks_of_tied,
    settled,
)

_KEPT = 8  # cases of which architectures were drawn of late

# By what a candidate is in a case, the picks of what its edge depends on that make it.
_Made = Mapping[Pipeline | bool, Sequence[tuple[int, ...]]]


class TiedNumbering:
    """Each architecture as the options that it picks, by decision.

    Raises FrontierTooWide where there are too many cases, or one is too entangled.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._restricted = program.is_restricted
        self._known: dict[tuple, _Made] = {}
        self._diagrams = Diagrams(partial(diagram, every=True))
        self._cases = _each(program) if self._restricted else _classes(program)
        self._sizes = [case.weight * self._count(case) for case in self._cases]
        self._upto = list(accumulate(self._sizes))
        self._paths = lru_cache(_KEPT)(self._numbering)
        self.size = self._upto[-1] if self._upto else 0

    def path(self, number: int) -> dict[str, int]:
        """The options of the architecture with this number, 0 to size - 1, by decision."""
        index = bisect_right(self._upto, number)
        case = self._cases[index]
        number -= self._upto[index] - self._sizes[index]
        found: dict[str, int] = {}
        for name, options in case.picks.items():
            number, digit = divmod(number, len(options))
            found[name] = options[digit]
        ways = self._paths(index).ways(number)
        for edge, shape in self._edges(case):
            option, digit = ways[edge.name]
            made = self._made(edge, case)[self._look(shape.candidates[option])][digit]
            # What is tied is settled already.
            found |= {a: p for a, p in zip(edge.axes, made, strict=True) if a not in case.picks}
        return found

    def _edges(self, case: Case) -> Sequence[tuple[Edge, Edge]]:
        return list(zip(self._program.edges, case.program.edges, strict=True))

    def _look(self, candidate: Pipeline) -> Pipeline | bool:
        """What tells candidates apart: to rules and limits they are what they are, and without
        such it is whether they are `none`."""
        return candidate if self._restricted else candidate.is_none

    def _made(self, edge: Edge, case: Case) -> _Made:
        there = tuple(case.picks[axis][0] if axis in case.picks else None for axis in edge.axes)
        if (edge.name, there) not in self._known:
            made: dict[Pipeline | bool, list[tuple[int, ...]]] = defaultdict(list)
            for picks, candidate in combinations(edge, self._program):
                if all(pick in (None, own) for pick, own in zip(there, picks, strict=True)):
                    made[self._look(edge.candidates[candidate])].append(picks)
            self._known[edge.name, there] = made
        return self._known[edge.name, there]

    def _weights(self, case: Case) -> Weights:
        """Of each edge's candidates, how many picks make it, live or not."""
        counts = {
            edge.name: [len(self._made(edge, case)[self._look(c)]) for c in shape.candidates]
            for edge, shape in self._edges(case)
        }
        return Weights({}, counts, counts)

    def _diagram(self, case: Case) -> Diagram:
        # Rules tell cases apart that have the same edges.
        found = None if self._restricted else self._diagrams.of(case.program)
        return found or diagram(case.program, every=True)

    def _count(self, case: Case) -> int:
        weights = self._weights(case)
        return within_limits(case.program, self._diagram(case), weights, COUNT)

    def _numbering(self, index: int) -> Numbering:
        case = self._cases[index]
        return Numbering(case.program, self._diagram(case), self._weights(case))


def _classes(program: Program) -> list[Case]:
    found = cases(program)
    if found is None:
        raise FrontierTooWide(f"what {program.name} chooses is tied in too many ways to number")
    return found


def _each(program: Program) -> list[Case]:
    """One for all that can be picked for the tied decisions."""
    found = picks_of_tied(program)
    if found is None or (program.limits and any(edge.weights_of for edge in program.edges)):
        raise FrontierTooWide(f"what {program.name} chooses is tied in too many ways to number")
    each = [Case({n: [o] for n, o in p.items()}, settled(program, p)) for p in found]
    return [case for case in each if is_possible(case.program)]
