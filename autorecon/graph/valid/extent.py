"""Counts and costs of a space over the architectures that keep to its rules and limits and have
what is required.

They are sums over its diagram, in which rules count along and which limits take their part of. A
restricted space that is too entangled for that is listed, if it is small.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from functools import reduce
from itertools import product
from typing import Any

import attrs

from autorecon.graph.architectures.architectures import Architectures, once
from autorecon.graph.architectures.codec import Picks
from autorecon.graph.architectures.liveness import liveness
from autorecon.graph.counting import cost
from autorecon.graph.counting.cost import (
    COUNT,
    CostInterval,
    Interval,
    owners_may_be_dead,
    separate,
)
from autorecon.graph.counting.decision_diagram import (
    Diagram,
    FrontierTooWide,
    Semiring,
    Weights,
    diagram,
    each_option,
)
from autorecon.graph.counting.limited_sums import within_limits
from autorecon.graph.counting.tied_cost import cost_interval as tied_cost_interval
from autorecon.lang import Program
from autorecon.lang.program.measures import NAMES

MAX_LISTED = 10_000  # architectures; a second or two


# A count, then of each measure the least, and the least of its negative.
_Value = tuple[Any, ...]


def _plus(a: _Value, b: _Value) -> _Value:
    return (a[0] + b[0], *map(min, a[1:], b[1:]))


def _times(a: _Value, b: _Value) -> _Value:
    return (a[0] * b[0], *map(operator.add, a[1:], b[1:]))


_ENDS = 2 * len(NAMES)
EXTENT = Semiring(_plus, _times, (1, *(0,) * _ENDS), (0, *(math.inf,) * _ENDS))


@once
def live_parts(space: Architectures) -> Diagram | None:
    """All different generators that the space holds, as one diagram; None where it is too
    entangled."""
    return cost.live_parts(space.program)


@once
def all_choices(space: Architectures) -> Diagram | None:
    """All its valid architectures as one diagram; None as above."""
    return cost.all_choices(space.program)


@once
def every_option(space: Architectures) -> Diagram | None:
    """The same with all options of tied decisions told apart."""
    if not space.is_tied or space.program.limits:
        return all_choices(space)
    try:
        return diagram(space.program, "every", each_option(space.program))
    except FrontierTooWide:
        return None


def known(found: Diagram | None) -> Diagram:
    """A diagram that there is; raises FrontierTooWide."""
    if found is None:
        raise FrontierTooWide("the space is too entangled to sum over")
    return found


@once
def cost_interval(space: Architectures) -> CostInterval:
    """Parameters, multiply-accumulates and activations over the whole space."""
    if not space.program.is_restricted and not owners_may_be_dead(space.program):
        return _free_cost(space)
    found = exact(space, _summed_extent, _listed_extent)
    if found is None:
        whole = _free_cost(Architectures(unrestricted(space.program)))
        return CostInterval(*(_clipped(whole, name, space) for name in NAMES), exact=False)
    valid, *ends = found
    if not valid:  # there is nothing to measure
        ends = [0] * _ENDS
    intervals = (Interval(least, -most) for least, most in zip(ends[::2], ends[1::2], strict=True))
    return CostInterval(*intervals)


def _free_cost(space: Architectures) -> CostInterval:
    if space.is_tied:
        return tied_cost_interval(space.program)
    return cost.cost_interval(space.program, live_parts(space))


@once
def valid_architectures(space: Architectures) -> int | None:
    """How many architectures lead noise, and what else is required, to the output within the rules
    and limits; None when too entangled to count."""

    def by_sum(space: Architectures) -> int:
        return _counted(space, known(all_choices(space)))

    return exact(space, by_sum, lambda space: len(listed(space)))


@once
def distinct_architectures(space: Architectures) -> int | None:
    """How many different generators they derive to, once dead paths are left out; or None."""

    def by_sum(space: Architectures) -> int:
        return _counted(space, known(live_parts(space)))

    return exact(space, by_sum, _listed_generators)


def _counted(space: Architectures, parts: Diagram) -> int:
    return within_limits(space.program, parts, Weights(), COUNT)


def _listed_generators(space: Architectures) -> int:
    return len({liveness(space).canonical(picks) for picks in listed(space)})


def leaves_something(space: Architectures) -> bool:
    """Whether any architecture is valid within the rules and limits; True if that is unknown."""
    if space.program.limits:
        return valid_architectures(space) != 0
    found = exact(space, _has_paths, lambda space: bool(listed(space)))
    return found is not False


def _has_paths(space: Architectures) -> bool:
    return known(all_choices(space)).final is not None


def exact(
    space: Architectures,
    by_sum: Callable[[Architectures], Any],
    by_list: Callable[[Architectures], Any],
) -> Any | None:
    """By a sum, else by a list where that is short; None where neither can be."""
    program = space.program
    try:
        return by_sum(space)
    except FrontierTooWide:
        is_short = space.architectures <= MAX_LISTED
        restricted = program.is_restricted or owners_may_be_dead(program)
        return by_list(space) if restricted and is_short else None


def _summed_extent(space: Architectures) -> _Value:
    program = space.program
    costs = separate(program)
    nodes = {name: _costing([c.nodes[name] for c in costs]) for name in program.nodes}
    live = {}
    for edge in program.edges:
        each = [_costing(own) for own in zip(*(c.edges[edge.name] for c in costs), strict=True)]
        live[edge.name] = [each[candidate] for candidate in edge.table]
    choices = known(every_option(space))
    return within_limits(program, choices, Weights(nodes, live), EXTENT)


def _costing(costs: Iterable[int]) -> _Value:
    return (1, *(end for cost in costs for end in (cost, -cost)))


def _listed_extent(space: Architectures) -> _Value:
    restrictions = liveness(space).restrictions
    found = [_costing(restrictions.costs(picks)) for picks in listed(space)]
    return reduce(_plus, found, EXTENT.zero)


def unrestricted(program: Program) -> Program:
    """The same without rules and limits, and nothing asked for."""
    return attrs.evolve(program.asking_nothing, rules=(), limits=())


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
