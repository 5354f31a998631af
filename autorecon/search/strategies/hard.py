"""GDAS: a step computes one drawn architecture."""

from __future__ import annotations

import torch
from torch import Tensor

from autorecon.nn import OneCandidate, Sampled
from autorecon.search.samples import draw_valid
from autorecon.search.strategies.gumbel import LogProbability, Noise


class Hard(LogProbability):
    """One candidate a decision, with probability p_k; its weight is 1 with the soft sample's
    gradient (Eq. 3 and 4 of GDAS).

    A draw that cuts the image from the noise is drawn again. The host draws, since it gives out
    what is computed.
    """

    def sample(self) -> Sampled:
        noise, picks = draw_valid(self.space, self._drawn, lambda drawn: drawn[1])
        if not torch.is_grad_enabled():
            return {name: OneCandidate(pick, torch.ones(())) for name, pick in picks.items()}
        soft = self.noisy(self.net.alpha, noise)
        return {name: OneCandidate(pick, _one(soft[name][pick])) for name, pick in picks.items()}

    @torch.no_grad()
    def _drawn(self) -> tuple[Noise, dict[str, int]]:
        noise = self.noise()
        soft = self.noisy(self.alpha_here(), noise)
        return noise, {name: int(weights.argmax()) for name, weights in soft.items()}


def _one(weight: Tensor) -> Tensor:
    """Exactly 1, with the gradient of `weight`."""
    return 1 + (weight - weight.detach())
