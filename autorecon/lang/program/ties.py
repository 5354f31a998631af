"""Ties: a decision is TIED when several edges depend on it.

With an option picked for each tied one, edges choose by themselves again. Options that differ in
what they cost but not in which edges they leave out, or the other way round, need not all be tried.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from itertools import product
from typing import Any

from autorecon.lang.program.edges import Edge
from autorecon.lang.program.flow import is_cut
from autorecon.lang.program.program import Program

MAX_CASES = 256  # that are looked at for one without a cut

Option = tuple[str, int]  # of a decision, by its name
# Of each tied decision, options that stand for one another together.
Classes = dict[str, list[list[int]]]


def tied_decisions(program: Program) -> tuple[str, ...]:
    """Those that several edges depend on, in the order of the text."""
    uses = Counter(axis for edge in program.edges for axis in edge.axes)
    return tuple(name for name in program.decisions if uses[name] > 1)


def is_tied(program: Program) -> bool:
    """Whether not every edge simply chooses one of its candidates, with weights of its own."""
    one_each = all(edge.decision for edge in program.edges if edge.axes)
    shared = any(edge.weights_of for edge in program.edges)
    return not one_each or shared or bool(tied_decisions(program))


def combinations(edge: Edge, program: Program) -> Iterator[tuple[tuple[int, ...], int]]:
    """The options of what an edge depends on, each with the candidate that they make."""
    radices = [range(len(program.decisions[axis].options)) for axis in edge.axes]
    return zip(product(*radices), edge.table, strict=True)


def absences(program: Program) -> Counter[Option]:
    """Of each option of each decision, how many combinations with it leave an edge out."""
    absent: Counter[Option] = Counter()
    for edge in program.edges:
        if edge.none is not None:
            for picks, candidate in combinations(edge, program):
                if edge.candidates[candidate].is_none:
                    absent.update(zip(edge.axes, picks, strict=True))
    return absent


def views(program: Program, look: Callable[[Edge, int], Any]) -> dict[str, list[list[Any]]]:
    """What each option of each tied decision looks like, over all edges that depend on it and all
    combinations with their other decisions. `look` sees a candidate, by its index."""
    found: dict[str, list[list[Any]]] = {
        n: [[] for _ in program.decisions[n].options] for n in tied_decisions(program)
    }
    for edge in program.edges:
        if found.keys().isdisjoint(edge.axes):
            continue
        looks = [look(edge, index) for index in range(len(edge.candidates))]
        for picks, candidate in combinations(edge, program):
            for axis, pick in zip(edge.axes, picks, strict=True):
                if axis in found:
                    found[axis][pick].append(looks[candidate])
    return found


def _is_none(edge: Edge, index: int) -> bool:
    return edge.candidates[index].is_none


def classes(program: Program, look: Callable[[Edge, int], Hashable] = _is_none) -> Classes:
    """The options that always look alike; by default, that leave out the same edges."""
    found = {}
    for name, looks in views(program, look).items():
        alike: dict[Hashable, list[int]] = defaultdict(list)
        for option, seen in enumerate(looks):
            alike[tuple(seen)].append(option)
        found[name] = list(alike.values())
    return found


def is_possible(program: Program) -> bool:
    """Whether some architecture is whole: where what is tied is never there together, none is.
    True where looking would take long."""
    alike = classes(program)
    if math.prod(map(len, alike.values())) > MAX_CASES:
        return True
    cases = (dict(zip(alike, chosen, strict=True)) for chosen in product(*alike.values()))
    return any(_is_whole(program, {n: options[0] for n, options in c.items()}) for c in cases)


def _is_whole(program: Program, picks: Mapping[str, int]) -> bool:
    """Whether, with these options of the tied decisions, all that is required can reach the
    output."""
    there = [edge for edge in program.edges if not _is_cut(edge, program, picks)]
    return not any(is_cut(program.nodes, there, role) for role in program.required)


def _is_cut(edge: Edge, program: Program, picks: Mapping[str, int]) -> bool:
    own = [picks.get(axis) for axis in edge.axes]
    return all(
        edge.candidates[candidate].is_none
        for some, candidate in combinations(edge, program)
        if all(pick in (None, chosen) for pick, chosen in zip(own, some, strict=True))
    )
