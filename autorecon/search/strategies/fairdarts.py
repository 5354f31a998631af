"""FairDARTS: candidates do not compete."""

from __future__ import annotations

import torch
from torch import Tensor

from autorecon.nn import Sampled
from autorecon.search.strategies.gradient import GradientStrategy


class FairDarts(GradientStrategy):
    """m = sigmoid(alpha), and a loss that is least where all are 0 or 1 (Eq. 4 of FairDARTS).

    Reported probabilities, and those of cost terms, are the sigmoids divided by their sum.
    """

    def sample(self) -> Sampled:
        return self._sigmoids()

    def _sigmoids(self) -> dict[str, Tensor]:
        return {name: alpha.sigmoid() for name, alpha in self.net.alpha.items()}

    def mean(self) -> dict[str, Tensor]:
        return {name: weights.detach() for name, weights in self._sigmoids().items()}

    def probabilities(self) -> dict[str, Tensor]:
        return {name: weights / weights.sum() for name, weights in self._sigmoids().items()}

    def penalties(self) -> dict[str, Tensor]:
        """L_0-1 = -mean((sigmoid - 0.5)^2) over all candidates."""
        every = torch.cat(list(self._sigmoids().values()))
        return {"zero_one": -self.config.fairdarts.zero_one * (every - 0.5).square().mean()}
