"""Gumbel-softmax: every candidate by a random weight, which cools down to one candidate."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from autorecon.nn import Sampled
from autorecon.nn.transfer import sent_together
from autorecon.search.strategies.gradient import GradientStrategy

Noise = Mapping[str, Tensor]  # by decision


def gumbel(count: int, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
    """`count` draws from Gumbel(0, 1), on the CPU, so that a seed means the same everywhere."""
    uniform = torch.rand(count, generator=generator, dtype=torch.float64)
    tiny = torch.finfo(torch.float64).tiny
    return -torch.log(-torch.log(uniform.clamp_min(tiny))).to(dtype)


class GumbelSoftmax(GradientStrategy):
    """m = softmax((logits + g) / tau), g ~ Gumbel(0, 1)."""

    tau: float = math.nan

    def begin(self, epoch: int) -> None:
        self.tau = self.config.temperature(epoch)

    def notes(self) -> dict[str, Any]:
        return {"tau": self.tau}

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {"tau": self.tau}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self.tau = state["tau"]

    @abstractmethod
    def logits(self, alpha: Tensor) -> Tensor:
        """Of a decision."""

    def sample(self) -> Sampled:
        return self.noisy(self.net.alpha, self.noise())

    def noise(self) -> Noise:
        """g of every decision, on the host."""
        return {
            name: gumbel(len(alpha), self.random, alpha.dtype)
            for name, alpha in self.net.alpha.items()
        }

    def noisy(self, alphas: Mapping[str, Tensor], noise: Noise) -> dict[str, Tensor]:
        """m of every decision, where its alpha is."""
        there = sent_together(list(noise.values()), next(iter(alphas.values())).device)
        return {
            name: ((self.logits(alphas[name]) + drawn) / self.tau).softmax(0)
            for name, drawn in zip(noise, there, strict=True)
        }


class LogProbability(GumbelSoftmax):
    """The usual one: logits are log p, so that P(argmax m = k) = p_k."""

    def logits(self, alpha: Tensor) -> Tensor:
        return alpha.log_softmax(0)


class AsPrinted(GumbelSoftmax):
    """Eq. 7 as printed: logits are p = softmax(alpha), so that P(argmax m = k) = softmax(p)_k."""

    def logits(self, alpha: Tensor) -> Tensor:
        return alpha.softmax(0)
