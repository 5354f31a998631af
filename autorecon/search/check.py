"""Whether a strategy has what it needs, told before anything starts."""

from __future__ import annotations

from autorecon.graph import Space
from autorecon.objective import Objective
from autorecon.search.catalogue import GRADIENT, NEEDS, STRATEGIES, WHOLE_COST
from autorecon.search.config import SearchConfig, SearchError

PARAMETERS = "params"


def check(config: SearchConfig, space: Space) -> None:
    """Raises SearchError that says what is missing and what would do."""
    objective = Objective.parse(config.objective)
    if not space.decisions:
        raise SearchError(f"{space.name} leaves nothing to search")
    for _, term in objective.terms:
        if term.needs_decoder:
            raise SearchError(f"'{term.name}' needs a decoder, and a search has none: leave it out")
    _refuse_shared_parameters(config, objective, space)
    faults = {GRADIENT: _no_gradient(objective), WHOLE_COST: _no_whole_cost(objective, space)}
    for need in config.info.needs:
        if faults[need]:
            raise SearchError(f"strategy '{config.strategy}' needs {NEEDS[need]}: {faults[need]}")


def _refuse_shared_parameters(config: SearchConfig, objective: Objective, space: Space) -> None:
    """Their mean counts the weights of each edge, also those that are another's."""
    asked = any(term.name == PARAMETERS for _, term in objective.terms)
    if asked and config.info.learns and any(edge.weights_of for edge in space.edges):
        raise SearchError(
            f"edges of {space.name} share weights, of which strategy '{config.strategy}' knows no "
            f"mean: leave out '{PARAMETERS}', or take 'macs'"
        )


def _no_gradient(objective: Objective) -> str:
    flat = [term.name for _, term in objective.terms if not term.differentiable]
    if not flat:
        return ""
    others = ", ".join(i.name for i in STRATEGIES.values() if not i.learns)
    return f"'{flat[0]}' has none; choose of {others}"


def _no_whole_cost(objective: Objective, space: Space) -> str:
    costs = [term.name for _, term in objective.terms if term.needs_architecture]
    if costs:
        return f"leave out '{costs[0]}'"
    macs = space.cost.macs
    return f"all of {space.name} take {macs.max:,}" if macs.min == macs.max else ""
