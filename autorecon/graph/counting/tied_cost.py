"""Costs of spaces in which decisions are tied, or weights shared."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from autorecon.graph.counting.cost import (
    GREATEST,
    LEAST,
    CostInterval,
    Costs,
    Interval,
    at_least,
    measures,
    most,
    owners_may_be_dead,
    paid_by_owners,
)
from autorecon.graph.counting.decision_diagram import FrontierTooWide, Semiring, Weights, diagram
from autorecon.graph.counting.diagram_steps import Tokens
from autorecon.lang import Edge, Program
from autorecon.lang.program.ties import views


def cost_interval(program: Program) -> CostInterval:
    """Least and greatest; bounds, and not exact, where the space is too entangled or edges share
    weights of one that may be dead."""
    too_many: list[int] = []
    found = [_interval(program, costs, too_many) for costs in measures(program)]
    intervals, exact = zip(*found, strict=True)
    return CostInterval(*intervals, exact=all(exact))


def _interval(program: Program, costs: Costs, too_many: list[int]) -> tuple[Interval, bool]:
    if all(len(edge.candidates) == 1 for edge in program.edges):
        cost = most(program, costs)
        return Interval(cost, cost), True
    own = paid_by_owners(costs)
    low, high = (_end(program, own, end, too_many) for end in (LEAST, GREATEST))
    unsure = bool(costs.owners) and owners_may_be_dead(program)
    exact = low is not None and high is not None and not unsure
    return Interval(
        at_least(program, own) if low is None else low,
        most(program, costs) if high is None or unsure else high,
    ), exact


def _end(program: Program, costs: Costs, semiring: Semiring, too_many: list[int]) -> int | None:
    """`too_many`: of how many cases a sum took too long, so that no like one is begun."""
    tokens = unbeaten(program, costs, dearest=semiring is GREATEST)
    cases = math.prod(map(len, tokens.values()))
    if any(cases >= most for most in too_many):
        return None
    try:
        parts = diagram(program, "some", tokens)
    except FrontierTooWide:
        too_many.append(cases)
        return None
    edges = {e.name: [costs.edges[e.name][c] for c in e.table] for e in program.edges}
    return 0 if parts.final is None else parts.total(Weights(costs.nodes, edges), semiring)


def unbeaten(program: Program, costs: Costs, *, dearest: bool) -> Tokens:
    """Of each tied decision the options among which those of some architecture of least, or
    greatest, cost are.

    Left out is an option that another one, which leaves out the same edges, beats everywhere.
    """

    def price(edge: Edge, index: int) -> float:
        if edge.candidates[index].is_none:
            return math.inf
        return costs.edges[edge.name][index]

    better = operator.ge if dearest else operator.le
    seen = views(program, price)
    return {
        name: [[o] for o in range(len(looks)) if not _is_beaten(o, looks, better)]
        for name, looks in seen.items()
    }


def _is_beaten(
    option: int, looks: list[list[float]], better: Callable[[float, float], bool]
) -> bool:
    """Whether another option is nowhere worse, and better somewhere or written before."""
    mine = looks[option]
    return any(
        all(
            math.isinf(a) == math.isinf(b) and better(a, b) for a, b in zip(look, mine, strict=True)
        )
        and (look != mine or other < option)
        for other, look in enumerate(looks)
        if other != option
    )
