"""Counts and costs of a space with rules or limits, or where more than noise is required, over the
architectures that keep to them.

They are sums over its diagram, in which rules count along and which limits take their part of. A
space that is too entangled for that is listed, if it is small.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from itertools import product
from typing import Any

import attrs

from autorecon.graph.architectures.architectures import Architectures, once
from autorecon.graph.architectures.codec import Picks
from autorecon.graph.architectures.liveness import liveness
from autorecon.graph.architectures.restrictions import Restrictions
from autorecon.graph.counting.cost import COUNT, CostInterval, Interval, measures
from autorecon.graph.counting.decision_diagram import FrontierTooWide, Semiring, Weights, diagram
from autorecon.graph.counting.limited_sums import within_limits
from autorecon.graph.valid import unrestricted as free
from autorecon.lang import Program
from autorecon.lang.program.measures import FREE, NAMES
from autorecon.lang.program.tied_cases import is_possible, is_tied, picks_of_tied, settled, ways

MAX_LISTED = 10_000  # architectures; a second or two


@attrs.frozen
class Extent:
    """How many architectures are valid within the rules and limits (None: too entangled to count),
    and what these cost."""

    valid: int | None
    cost: CostInterval


# A count, then of each measure the least, and the least of its negative.
_Value = tuple[Any, ...]


def _plus(a: _Value, b: _Value) -> _Value:
    return (a[0] + b[0], *map(min, a[1:], b[1:]))


def _times(a: _Value, b: _Value) -> _Value:
    return (a[0] * b[0], *map(operator.add, a[1:], b[1:]))


_ENDS = 2 * len(NAMES)
EXTENT = Semiring(_plus, _times, (1, *(0,) * _ENDS), (0, *(math.inf,) * _ENDS))


@once
def extent(space: Architectures) -> Extent:
    """One sum for all of it; bounds of the cost (`exact` is False) where that takes too long."""
    found = exact(space, _summed_extent, _listed_extent)
    if found is None:
        whole = free.cost_interval(Architectures(unrestricted(space.program)))
        bounds = (_clipped(whole, name, space) for name in NAMES)
        return Extent(None, CostInterval(*bounds, exact=False))
    valid, *ends = found
    if not valid:  # there is nothing to measure
        ends = [0] * _ENDS
    intervals = (Interval(least, -most) for least, most in zip(ends[::2], ends[1::2], strict=True))
    return Extent(valid, CostInterval(*intervals))


def leaves_something(space: Architectures) -> bool:
    """Whether any architecture is valid within the rules and limits; True if that is unknown."""
    found = exact(space, _sums_to_something, lambda space: bool(listed(space)))
    return found is not False


@once
def distinct_architectures(space: Architectures) -> int | None:
    """How many different generators are within the rules and limits, or None."""
    return exact(space, _summed_generators, _listed_generators)


def exact(
    space: Architectures,
    by_sum: Callable[[Architectures], Any],
    by_list: Callable[[Architectures], Any],
) -> Any | None:
    """By a sum, else by a list where that is short; None where neither can be."""
    try:
        return by_sum(space)
    except FrontierTooWide:
        return by_list(space) if space.architectures <= MAX_LISTED else None


def untied(space: Architectures) -> Program:
    """Its program, of which there are sums; raises FrontierTooWide where decisions are tied."""
    if is_tied(space.program):
        raise FrontierTooWide(f"what {space.name} chooses is tied")
    return space.program


# Of each edge's candidates, how many ways lead there.
_Ways = Mapping[str, Sequence[int]]


def _cases(program: Program) -> list[tuple[Program, _Ways]]:
    """Untied spaces whose architectures are those of this one. Raises FrontierTooWide where they
    are too many, or edges that share weights do not cost each by itself."""
    found = picks_of_tied(program)
    if found is None or any(edge.weights_of for edge in program.edges):
        raise FrontierTooWide("what is tied is too entangled to look at case by case")
    cases = ((settled(program, picks), ways(program, picks)) for picks in found)
    return [(case, kept) for case, kept in cases if is_possible(case)]


def _summed_extent(space: Architectures) -> _Value:
    found = [_summed_case(case, kept) for case, kept in _cases(space.program)]
    return reduce(_plus, found, EXTENT.zero)


def _summed_case(program: Program, kept: _Ways) -> _Value:
    costs = measures(program)
    nodes = {name: _costing([c.nodes[name] for c in costs]) for name in program.nodes}
    live, idle = {}, {}
    for edge in program.edges:
        each = zip(*(c.edges[edge.name] for c in costs), strict=True)
        live[edge.name] = [_costing(c, n) for c, n in zip(each, kept[edge.name], strict=True)]
        idle[edge.name] = [_costing(FREE, n) for n in kept[edge.name]]
    choices = diagram(program, every=True)
    if choices.final is None:
        return EXTENT.zero
    return within_limits(program, choices, Weights(nodes, live, idle), EXTENT)


def _costing(costs: Iterable[int], count: int = 1) -> _Value:
    return (count, *(end for cost in costs for end in (cost, -cost)))


def _listed_extent(space: Architectures) -> _Value:
    restrictions = Restrictions(space)
    found = [_costing(restrictions.costs(picks)) for picks in listed(space)]
    return reduce(_plus, found, EXTENT.zero)


def _sums_to_something(space: Architectures) -> bool:
    return any(_leaves_something(case) for case, _ in _cases(space.program))


def _leaves_something(program: Program) -> bool:
    choices = diagram(program, every=True)
    if choices.final is None or not program.limits:
        return choices.final is not None
    return within_limits(program, choices, Weights(), COUNT) > 0


def _summed_generators(space: Architectures) -> int:
    program = untied(space)
    return within_limits(program, diagram(program), Weights(), COUNT)


def _listed_generators(space: Architectures) -> int:
    return len({liveness(space).canonical(picks) for picks in listed(space)})


def unrestricted(program: Program) -> Program:
    """The same without rules and limits, noise alone required."""
    return attrs.evolve(program, rules=(), limits=(), required=("noise",))


def _clipped(whole: CostInterval, measure: str, space: Architectures) -> Interval:
    """What the whole space spans, within the limits of this measure."""
    limits = [limit for limit in space.program.limits if limit.measure == measure]
    found = getattr(whole, measure)
    least = max([found.min, *(math.ceil(limit.least) for limit in limits)])
    most = min([found.max, *(math.floor(limit.most) for limit in limits if limit.most < math.inf)])
    return Interval(least, most)


def listed(space: Architectures) -> list[Picks]:
    """All architectures that keep to the rules and limits, one by one."""
    everything = product(*map(range, space.codec.radices))
    return [picks for picks in everything if liveness(space).is_valid(picks)]


def few_listed(space: Architectures) -> list[Picks]:
    """The same; raises FrontierTooWide where that would take long."""
    if space.architectures > MAX_LISTED:
        raise FrontierTooWide(f"{space.name} is too entangled to number its architectures")
    return listed(space)
