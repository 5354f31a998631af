"""Terms of the architecture itself: what it costs, and how far it is from decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.objective.registry import term

if TYPE_CHECKING:
    from torch import Tensor

    from autorecon.objective.observation import Architecture, Observation


@term("macs", "multiply-accumulates, 1 for the space's dearest generator", needs_architecture=True)
def macs(observation: Observation) -> Tensor:
    return _architecture(observation).macs


@term("params", "parameters, 1 for the space's dearest generator", needs_architecture=True)
def params(observation: Observation) -> Tensor:
    return _architecture(observation).parameters


@term(
    "alpha_entropy",
    "mean entropy of the decisions' probabilities, 1 for uniform ones",
    needs_architecture=True,
)
def alpha_entropy(observation: Observation) -> Tensor:
    return _architecture(observation).entropy


def _architecture(observation: Observation) -> Architecture:
    assert observation.architecture is not None  # `applies` is asked before
    return observation.architecture
