"""How many architectures a space has, and what they cost, whatever it is restricted by."""

from __future__ import annotations

from autorecon.graph.architectures.architectures import Architectures, once
from autorecon.graph.counting.cost import CostInterval
from autorecon.graph.valid import extent as restricted
from autorecon.graph.valid import unrestricted as free


@once
def cost_interval(space: Architectures) -> CostInterval:
    """Parameters, multiply-accumulates and activations over the whole space."""
    if space.program.is_restricted:
        return restricted.extent(space).cost
    return free.cost_interval(space)


@once
def valid_architectures(space: Architectures) -> int | None:
    """How many architectures lead noise, and what else is required, to the output within the rules
    and limits; None when too entangled to count."""
    if space.program.is_restricted:
        return restricted.extent(space).valid
    return free.valid_architectures(space)


@once
def distinct_architectures(space: Architectures) -> int | None:
    """How many different generators they derive to, once dead paths are left out; or None."""
    if space.program.is_restricted:
        return restricted.distinct_architectures(space)
    return free.distinct_architectures(space)
