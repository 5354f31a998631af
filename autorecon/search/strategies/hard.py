"""GDAS: a step computes one drawn architecture."""

from __future__ import annotations

from torch import Tensor

from autorecon.nn import OneCandidate, Sampled
from autorecon.search.samples import draw_valid
from autorecon.search.strategies.gumbel import LogProbability


class Hard(LogProbability):
    """One candidate a decision, with probability p_k; its weight is 1 with the soft sample's
    gradient (Eq. 3 and 4 of GDAS).

    A draw that cuts the image from the noise is drawn again.
    """

    def sample(self) -> Sampled:
        soft = draw_valid(self.space, self.noisy, _leading)
        return {name: OneCandidate(k, _one(soft[name][k])) for name, k in _leading(soft).items()}


def _leading(soft: dict[str, Tensor]) -> dict[str, int]:
    return {name: int(weights.argmax()) for name, weights in soft.items()}


def _one(weight: Tensor) -> Tensor:
    """Exactly 1, with the gradient of `weight`."""
    return 1 + (weight - weight.detach())
