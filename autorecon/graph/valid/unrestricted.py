"""Counts and costs of a space without rules and limits, whether its decisions are tied or not."""

from __future__ import annotations

from autorecon.graph.architectures.architectures import Architectures, once
from autorecon.graph.counting import cost as untied
from autorecon.graph.counting import tied_cost
from autorecon.graph.counting.cost import CostInterval, all_choices, count
from autorecon.graph.counting.decision_diagram import Diagram, FrontierTooWide
from autorecon.graph.counting.tied_parts import TiedParts
from autorecon.graph.counting.tied_parts import tied_parts as parts_of_tied


@once
def live_parts(space: Architectures) -> Diagram | None:
    """All different generators that the space holds, as one diagram; None where decisions are tied
    or the space is too entangled."""
    return None if space.is_tied else untied.live_parts(space.program)


@once
def tied_parts(space: Architectures) -> TiedParts | None:
    """The same where decisions are tied."""
    try:
        return parts_of_tied(space.program)
    except FrontierTooWide:
        return None


def cost_interval(space: Architectures) -> CostInterval:
    if space.is_tied:
        return tied_cost.cost_interval(space.program)
    return untied.cost_interval(space.program, live_parts(space))


def valid_architectures(space: Architectures) -> int | None:
    if space.is_tied:
        return tied_cost.valid_architectures(space.program)
    choices = all_choices(space.program)
    return count(choices) if choices else None


def distinct_architectures(space: Architectures) -> int | None:
    if space.is_tied:
        tied = tied_parts(space)
        return tied.size if tied else None
    parts = live_parts(space)
    return count(parts) if parts else None
