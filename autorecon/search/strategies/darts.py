"""DARTS, first order."""

from __future__ import annotations

from autorecon.nn import Sampled
from autorecon.search.strategies.gradient import GradientStrategy


class Darts(GradientStrategy):
    """m = softmax(alpha) in every step (Eq. 2 of DARTS)."""

    def sample(self) -> Sampled:
        return self.probabilities()
