"""Counts and costs of spaces in which decisions are tied: case by case, of which each is untied."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Sequence
from functools import reduce
from typing import TypeVar

from autorecon.graph.counting import node_status as st
from autorecon.graph.counting.cost import (
    COUNT,
    LEAST,
    CostInterval,
    Costs,
    Interval,
    all_choices,
    at_least,
    live_parts,
    measures,
    most,
)
from autorecon.graph.counting.decision_diagram import Diagram, Weights
from autorecon.lang import Edge, Program
from autorecon.lang.program.tied_cases import (
    Case,
    cases,
    is_possible,
    settled,
    spread,
    worth_trying,
)

T = TypeVar("T")


def valid_architectures(program: Program) -> int | None:
    """How many architectures are valid; None when the space is too entangled."""
    found = cases(program)
    if found is None:
        return None
    total, known = 0, Diagrams(all_choices)
    for case in found:
        parts = known.of(case.program)
        if parts is None:
            return None
        total += case.weight * parts.total(_counted(program, case), COUNT)
    return total


def _counted(program: Program, case: Case) -> Weights:
    """Every combination of what an edge alone depends on counts, whatever candidate it makes."""
    weights = {
        name: [o in case.picks.get(name, [o])[:1] for o in range(len(decision.options))]
        for name, decision in program.decisions.items()
    }
    counts = {
        edge.name: by_presence(edge, shape, spread(edge, program, weights), operator.add)
        for edge, shape in zip(program.edges, case.program.edges, strict=True)
    }
    return Weights({}, counts, counts)


def by_presence(edge: Edge, shape: Edge, values: Sequence[T], plus: Callable[[T, T], T]) -> list[T]:
    """The sum of the values of an edge's candidates, for each candidate that it has in a case: one
    stands for all but `none`."""
    return [
        reduce(plus, (v for v, c in zip(values, edge.candidates, strict=True) if c.is_none == none))
        for none in (candidate.is_none for candidate in shape.candidates)
    ]


class Diagrams:
    """Diagrams of cases of one space, of which many have the same."""

    def __init__(self, make: Callable[[Program], Diagram | None]) -> None:
        self._make = make
        self._known: dict[Hashable, Diagram | None] = {}

    def of(self, program: Program) -> Diagram | None:
        """The diagram says nothing of candidates but how many there are, and which is `none`."""
        key = tuple(tuple(c.is_none for c in edge.candidates) for edge in program.edges)
        if key not in self._known:
            self._known[key] = self._make(program)
        return self._known[key]


def cost_interval(program: Program) -> CostInterval:
    """Least and greatest over the cases; bounds, and not exact, where they are too many."""
    known = Diagrams(live_parts)
    found = [_interval(program, costs, i, known) for i, costs in enumerate(measures(program))]
    intervals, exact = zip(*found, strict=True)
    return CostInterval(*intervals, exact=all(exact))


def _interval(
    program: Program, costs: Costs, measure: int, known: Diagrams
) -> tuple[Interval, bool]:
    cheap, dear = (programs(program, costs, dearest=end) for end in (False, True))
    exact = cheap is not None and dear is not None
    lows = []
    for case in filter(is_possible, cheap or [program]):
        parts = known.of(case) if cheap else None
        lows.append(_least(case, measures(case)[measure], parts))
        exact = exact and parts is not None and not (costs.owners and _owners_may_be_dead(case))
    possible = filter(is_possible, dear or [program])
    highs = [most(case, measures(case)[measure]) for case in possible]
    return Interval(min(lows, default=0), max(highs, default=0)), exact


def _least(program: Program, costs: Costs, parts: Diagram | None) -> int:
    """The least cost of what is live; without `parts`, or where owners may be dead, no more."""
    if all(len(edge.candidates) == 1 for edge in program.edges):
        return most(program, costs)
    edges = {
        name: (0,) * len(found) if name in costs.owners else found
        for name, found in costs.edges.items()
    }
    if parts is None:
        return at_least(program, Costs(costs.nodes, edges))
    return parts.total(Weights(costs.nodes, edges), LEAST)


def _owners_may_be_dead(program: Program) -> bool:
    """Whether weights that edges share may be there without the edge whose they are."""
    owners = {edge.weights_of for edge in program.edges} - {None}
    if not owners or all(len(edge.candidates) == 1 for edge in program.edges):
        return False
    initial = st.initial_statuses(program)
    always = {n for n, found in initial.items() if all(st.kind(s) == st.LIVE for s in found)}
    return any(
        not edge.is_cut and (st.offers_none(edge) or not {edge.source, edge.target} <= always)
        for edge in program.edges
        if edge.name in owners
    )


def programs(program: Program, costs: Costs, *, dearest: bool) -> list[Program] | None:
    """The untied spaces among whose architectures one of least, or greatest, cost is."""

    def price(edge: Edge, index: int) -> int:
        return costs.edges[edge.name][index]

    found = worth_trying(program, price, dearest=dearest)
    return None if found is None else [settled(program, picks) for picks in found]
