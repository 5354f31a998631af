"""What the strategies share that learn architecture parameters by gradients."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from autorecon.graph.valid.derive import derive_choices
from autorecon.nn import Sampled
from autorecon.nn.transfer import fetched
from autorecon.objective import Architecture, Values
from autorecon.search.config import SearchConfig
from autorecon.search.costs import ExpectedCost
from autorecon.search.judge import Judge
from autorecon.search.strategies.strategy import Strategy


class GradientStrategy(Strategy):
    """Adam on alpha, by the gradient of the objective through a mixture of candidates."""

    betas = (0.5, 0.999)

    def __init__(self, judge: Judge, config: SearchConfig, random: torch.Generator) -> None:
        super().__init__(judge, config, random)
        self.alphas = list(self.net.architecture_parameters())
        self._optimiser = torch.optim.Adam(
            self.alphas, config.alpha.lr, self.betas, weight_decay=config.alpha.weight_decay
        )
        asked = judge.objective.needs_architecture
        self._expected = ExpectedCost(self.space, judge.device) if asked else None
        self._versions: list[int] = []
        self._here: dict[str, Tensor] = {}

    @abstractmethod
    def sample(self) -> Sampled:
        """What an architecture step mixes, differentiable in alpha."""

    def mean(self) -> dict[str, Tensor]:
        """The weights that the mixtures are drawn around, without noise."""
        return {name: p.detach() for name, p in self.probabilities().items()}

    @torch.no_grad()
    def draw(self) -> Sampled:
        return self.sample()

    def step(self) -> Values:
        # Gradients to the weights are not needed here, and they are half of the backward pass.
        weights = list(self.net.weight_parameters())
        for weight in weights:
            weight.requires_grad_(False)
        try:
            return self._learn()
        finally:
            for weight in weights:
                weight.requires_grad_(True)

    def _learn(self) -> Values:
        total, parts = self.judge.fresh(self.sample(), self.architecture(self.probabilities()))
        for name, loss in self.penalties().items():
            total = total + loss
            parts = {**parts, name: loss.detach()}
        self._optimiser.zero_grad()
        total.backward()
        self._optimiser.step()
        return {"total": total.detach(), **parts}

    def alpha_here(self) -> dict[str, Tensor]:
        """alpha on the host, for what is decided there; fetched once after a step changed it."""
        versions = [alpha._version for alpha in self.alphas]
        if versions != self._versions:
            found = fetched(self.alphas)
            self._here = dict(zip(self.net.alpha, found, strict=True))
            self._versions = versions
        return self._here

    def architecture(self, probabilities: Mapping[str, Tensor]) -> Architecture | None:
        """What they cost, for an objective that asks."""
        return self._expected(probabilities) if self._expected else None

    def penalties(self) -> dict[str, Tensor]:
        """Losses of the strategy's own on alpha, weighted, by the name that the log shows."""
        return {}

    def probabilities(self) -> dict[str, Tensor]:
        """softmax(alpha), with its graph."""
        return self.net.probabilities()

    def choices(self) -> dict[str, str]:
        """The most probable architecture (Eq. 8), repaired."""
        there = self.probabilities()
        found = zip(there, fetched(list(there.values())), strict=True)
        return derive_choices(self.space, {name: p.tolist() for name, p in found})

    def state_dict(self) -> dict[str, Any]:
        return {"alpha_optimiser": self._optimiser.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._optimiser.load_state_dict(state["alpha_optimiser"])
