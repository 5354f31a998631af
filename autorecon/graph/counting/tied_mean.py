"""Means where decisions are tied: case by case, in each of which edges are drawn by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from autorecon.graph.counting.cost import Costs, all_choices, measures
from autorecon.graph.counting.decision_diagram import Diagram, Semiring, Weights
from autorecon.graph.counting.tied_cost import Diagrams, by_presence
from autorecon.lang import Program
from autorecon.lang.program.measures import FREE, MEASURES
from autorecon.lang.program.tied_cases import Case, cases, spread

# By decision, one number an option.
_Given = Mapping[str, Sequence[Any]]


def tied_total(program: Program, given: _Given, mean: Semiring) -> Any:
    """The probability that an architecture is valid, and its products with the means; None when the
    space is too entangled. `mean` is the semiring of such values."""
    found, known = cases(program), Diagrams(all_choices)
    if found is None or any(known.of(case.program) is None for case in found):
        return None
    costs, total = measures(program), mean.zero
    for case in found:
        share, left = _left(case, given)
        if share:
            drawn = {edge.name: spread(edge, program, left) for edge in program.edges}
            value = _of_case(program, case, drawn, costs, known.of(case.program), mean)
            total = mean.plus(total, mean.times((share, *FREE), value))
    return total


def _sum(first: tuple[Any, ...], second: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(a + b for a, b in zip(first, second, strict=True))


def _left(case: Case, given: _Given) -> tuple[Any, dict[str, Sequence[Any]]]:
    """The probability of a case, and that of each option when it is this case."""
    share: Any = 1
    left = dict(given)
    for name, options in case.picks.items():
        part = sum(given[name][option] for option in options)
        if not part:
            return 0, {}
        share = share * part
        left[name] = [p / part if o in options else 0 for o, p in enumerate(given[name])]
    return share, left


def _of_case(
    program: Program,
    case: Case,
    drawn: _Given,
    costs: Sequence[Costs],
    parts: Diagram | None,
    mean: Semiring,
) -> Any:
    assert parts is not None
    weights, owned = _weights(program, case, drawn, costs)
    valid, *means = parts.total(weights, mean)
    # Weights that edges share are there once, if any of these edges is live.
    for owner, (present, *once) in owned.items():
        if present:
            members = [e.name for e in program.edges if owner in (e.name, e.weights_of)]
            assert weights.edges is not None
            none_live = {name: [mean.zero] * len(weights.edges[name]) for name in members}
            edges = {**weights.edges, **none_live}
            dead = parts.total(attrs.evolve(weights, edges=edges), mean)[0]
            shares = [cost if present == 1 else cost / present for cost in once]
            means = [m + (valid - dead) * cost for m, cost in zip(means, shares, strict=True)]
    return (valid, *means)


def _weights(
    program: Program, case: Case, drawn: _Given, costs: Sequence[Costs]
) -> tuple[Weights, dict[str, tuple[Any, ...]]]:
    """Weights of what a case can be; and, of edges whose weights others share, the probability that
    they are not `none` with its product with what they all cost once."""
    nodes = {name: (1, *(c.nodes[name] for c in costs)) for name in program.nodes}
    owners = {edge.weights_of for edge in program.edges}
    live, idle, owned = {}, {}, {}
    for edge, shape in zip(program.edges, case.program.edges, strict=True):
        name = edge.name
        shared = name in owners or edge.weights_of is not None
        values = []
        for p, *weighed in zip(drawn[name], *(c.edges[name] for c in costs), strict=True):
            means = zip((p * cost for cost in weighed), MEASURES, strict=True)
            once, each = zip(
                *((m, 0) if shared and measure.shared else (0, m) for m, measure in means),
                strict=True,
            )
            values.append((p, *each, *once))
        both = by_presence(edge, shape, values, _sum)
        live[name] = [value[: 1 + len(FREE)] for value in both]
        idle[name] = [(value[0], *FREE) for value in both]
        if name in owners:
            there = [v for v, c in zip(both, shape.candidates, strict=True) if not c.is_none]
            owned[name] = (there[0][0], *there[0][1 + len(FREE) :]) if there else (0, *FREE)
    return Weights(nodes, live, idle), owned
