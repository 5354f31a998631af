"""Spaces whose decisions are tied, case by case: in each case nothing is tied any more.

A decision is TIED when several edges depend on it. With an option picked for each tied one, edges
choose by themselves again, and all that is known of such spaces holds. Options that differ in what
they cost but not in which edges they leave out, or the other way round, need not all be tried.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import attrs

from autorecon.lang.program.edges import Edge
from autorecon.lang.program.flow import is_cut
from autorecon.lang.program.program import Program

# More would take seconds; past it a space is too entangled for an exact answer.
MAX_CASES = 256

Option = tuple[str, int]  # of a decision, by its name


def tied_decisions(program: Program) -> tuple[str, ...]:
    """Those that several edges depend on, in the order of the text."""
    uses = Counter(axis for edge in program.edges for axis in edge.axes)
    return tuple(name for name in program.decisions if uses[name] > 1)


def deciding_edges(program: Program) -> list[Edge]:
    """Of each decision of an untied space, the edge whose candidates its options are."""
    of = {edge.decision: edge for edge in program.edges}
    return [of[name] for name in program.decisions]


def is_tied(program: Program) -> bool:
    """Whether not every edge simply chooses one of its candidates, with weights of its own."""
    one_each = all(edge.decision for edge in program.edges if edge.axes)
    shared = any(edge.weights_of for edge in program.edges)
    return not one_each or shared or bool(tied_decisions(program))


def combinations(edge: Edge, program: Program) -> Iterator[tuple[tuple[int, ...], int]]:
    """The options of what an edge depends on, each with the candidate that they make."""
    radices = [range(len(program.decisions[axis].options)) for axis in edge.axes]
    return zip(product(*radices), edge.table, strict=True)


def spread(edge: Edge, program: Program, weights: Mapping[str, Sequence[Any]]) -> list[Any]:
    """What each candidate of an edge weighs: the sum over all combinations that make it, of the
    product of what their options weigh."""
    found: list[Any] = [0] * len(edge.candidates)
    for picks, candidate in combinations(edge, program):
        found[candidate] += math.prod(
            weights[axis][pick] for axis, pick in zip(edge.axes, picks, strict=True)
        )
    return found


def settled(program: Program, picks: Mapping[str, int]) -> Program:
    """The space in which these decisions are made; each edge keeps what it still can be."""
    weights = _left(program, picks)
    edges = []
    for edge in program.edges:
        if picks.keys().isdisjoint(edge.axes):
            edges.append(edge)
            continue
        left = spread(edge, program, weights)
        kept = [c for c, n in zip(edge.candidates, left, strict=True) if n]
        edges.append(attrs.evolve(edge, candidates=tuple(kept)))
    return attrs.evolve(program, edges=tuple(edges))


def ways(program: Program, picks: Mapping[str, int]) -> dict[str, list[int]]:
    """How many combinations of other decisions make each candidate that an edge keeps."""
    weights = _left(program, picks)
    return {edge.name: [n for n in spread(edge, program, weights) if n] for edge in program.edges}


def _left(program: Program, picks: Mapping[str, int]) -> dict[str, list[bool]]:
    return {
        d.name: [d.name not in picks or picks[d.name] == o for o in range(len(d.options))]
        for d in program.decisions.values()
    }


def picks_of_tied(program: Program) -> list[dict[str, int]] | None:
    """All that can be picked for the tied decisions; None where that is too much."""
    tied = tied_decisions(program)
    radices = [len(program.decisions[name].options) for name in tied]
    if math.prod(radices) > MAX_CASES:
        return None
    return [dict(zip(tied, picks, strict=True)) for picks in product(*map(range, radices))]


def absences(program: Program) -> Counter[Option]:
    """Of each option of each decision, how many combinations with it leave an edge out."""
    absent: Counter[Option] = Counter()
    for edge in program.edges:
        if any(candidate.is_none for candidate in edge.candidates):
            for picks, candidate in combinations(edge, program):
                if edge.candidates[candidate].is_none:
                    absent.update(zip(edge.axes, picks, strict=True))
    return absent


def views(program: Program, look: Callable[[Edge, int], Any]) -> dict[Option, list[Any]]:
    """What each option of each tied decision looks like, over all edges that depend on it and all
    combinations with their other decisions. `look` sees a candidate, by its index."""
    tied = set(tied_decisions(program))
    found: dict[Option, list[Any]] = defaultdict(list)
    for edge in program.edges:
        if tied.isdisjoint(edge.axes):
            continue
        looks = [look(edge, index) for index in range(len(edge.candidates))]
        for picks, candidate in combinations(edge, program):
            for option in zip(edge.axes, picks, strict=True):
                if option[0] in tied:
                    found[option].append(looks[candidate])
    return found


def classes(program: Program) -> dict[str, list[list[int]]]:
    """Of each tied decision, its options by which edges they leave out: those that always leave out
    the same ones stand together."""
    looks = views(program, lambda edge, index: edge.candidates[index].is_none)
    found = {}
    for name in tied_decisions(program):
        alike: dict[Hashable, list[int]] = defaultdict(list)
        for option in range(len(program.decisions[name].options)):
            alike[tuple(looks[name, option])].append(option)
        found[name] = list(alike.values())
    return found


def worth_trying(
    program: Program, cost: Callable[[Edge, int], float], *, dearest: bool
) -> list[dict[str, int]] | None:
    """Picks of the tied decisions, among which are those of some architecture of least, or
    greatest, cost; None when they are too many.

    Left out is an option that another one beats everywhere: for the least cost one that leaves out
    the same edges, for the greatest one that leaves out none that it does not.
    """
    seen = views(program, lambda edge, index: _price(edge, index, cost, dearest))
    sign = 1 if dearest else -1
    best = {}
    for name in tied_decisions(program):
        options = range(len(program.decisions[name].options))
        looks = [[sign * price for price in seen[name, option]] for option in options]
        alike = [[price == math.inf for price in seen[name, option]] for option in options]
        best[name] = [o for o in options if not _is_beaten(o, looks, alike)]
    if math.prod(map(len, best.values())) > MAX_CASES:
        return None
    return [dict(zip(best, picks, strict=True)) for picks in product(*best.values())]


def _price(edge: Edge, index: int, cost: Callable[[Edge, int], float], dearest: bool) -> float:
    if edge.candidates[index].is_none:
        return -1 if dearest else math.inf
    return cost(edge, index)


def _is_beaten(option: int, looks: list[list[float]], alike: list[list[bool]]) -> bool:
    """Whether another option is nowhere worse, and better somewhere or written before."""
    mine = looks[option]
    return any(
        alike[other] == alike[option]
        and all(a >= b for a, b in zip(look, mine, strict=True))
        and (look != mine or other < option)
        for other, look in enumerate(looks)
        if other != option
    )


@attrs.frozen
class Case:
    """Tied decisions settled as far as it makes a difference to which edges are there.

    `picks` are the options that are left of each. `program` is untied: an edge has one candidate
    that stands for all but `none`, and `none`, if it can be such.
    """

    picks: Mapping[str, Sequence[int]]
    program: Program

    @property
    def weight(self) -> int:
        return math.prod(len(options) for options in self.picks.values())


def cases(program: Program) -> list[Case] | None:
    """All cases, of which each valid architecture belongs to one; None when they are too many."""
    alike = classes(program)
    if math.prod(map(len, alike.values())) > MAX_CASES:
        return None
    found = []
    for chosen in product(*alike.values()):
        picks = dict(zip(alike, chosen, strict=True))
        case = settled(program, {name: options[0] for name, options in picks.items()})
        if is_possible(case):
            found.append(Case(picks, _outline(case)))
    return found


def _outline(program: Program) -> Program:
    edges = []
    for edge in program.edges:
        kinds = {candidate.is_none: candidate for candidate in reversed(edge.candidates)}
        edges.append(attrs.evolve(edge, candidates=tuple(kinds[k] for k in sorted(kinds))))
    return attrs.evolve(program, edges=tuple(edges))


def is_possible(program: Program) -> bool:
    """Whether any architecture of a case is valid."""
    edges = [edge for edge in program.edges if not edge.is_cut]
    return not any(is_cut(program.nodes, edges, role) for role in program.required)
