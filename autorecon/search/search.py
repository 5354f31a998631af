"""Algorithm 1, stage 1: weights and architecture parameters in turn, on freshly drawn noise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from autorecon.graph import Space
from autorecon.nn import Sampled, SuperNet, edge_mixture
from autorecon.objective import DivergedError, Objective, Observation, TeacherView
from autorecon.search.config import SearchConfig
from autorecon.search.relaxation import RELAX


class Search:
    """A resumable stage that trains a super net against a teacher; it reads and writes no files."""

    def __init__(
        self, supernet: SuperNet, teacher: nn.Module, config: SearchConfig, *, name: str = "search"
    ) -> None:
        self.name, self.epochs, self.config = name, config.epochs, config
        self.ticks = config.ticks_before(config.epochs)
        self.supernet = supernet.train()
        self.view = TeacherView(teacher)
        self.objective = Objective.parse(config.objective)
        self._relax = RELAX[config.relaxation]
        self._random = torch.Generator().manual_seed(config.seed)
        self._weights = list(supernet.weight_parameters())
        self._alphas = list(supernet.architecture_parameters())
        betas = (0.5, 0.999)
        self._weight_optimiser = torch.optim.Adam(self._weights, config.weight_lr, betas=betas)
        self._alpha_optimiser = torch.optim.Adam(
            self._alphas or [nn.Parameter(torch.zeros(0))],
            config.architecture_lr,
            betas=betas,
            weight_decay=config.architecture_weight_decay,
        )

    def ticks_before(self, epoch: int) -> int:
        return self.config.ticks_before(epoch)

    def run_epoch(self, epoch: int, tick: Callable[[], None]) -> dict[str, Any]:
        """T1 weight steps, V1 architecture steps; the row has both mean losses, and per decision
        the entropy (nats), the probabilities and what was derived."""
        tau = self.config.temperature(epoch)
        first = self.ticks_before(epoch)
        weights = self._phase(self._weight_step, self.config.weight_steps, tau, first, tick)
        row: dict[str, Any] = {"tau": tau, "weights": weights}
        if epoch >= self.config.warmup_epochs and self._alphas:
            first += self.config.weight_steps
            steps = self.config.architecture_steps
            row["architecture"] = self._phase(self._alpha_step, steps, tau, first, tick)
        return row | self._architecture()

    def _phase(
        self,
        step: Callable[[float], dict[str, float]],
        count: int,
        tau: float,
        first: int,
        tick: Callable[[], None],
    ) -> dict[str, float]:
        losses: dict[str, list[float]] = defaultdict(list)
        for index in range(count):
            try:
                parts = step(tau)
            except DivergedError as error:
                error.step = first + index + 1
                raise
            for name, value in parts.items():
                losses[name].append(value)
            tick()
        return {name: sum(values) / len(values) for name, values in losses.items()}

    def _weight_step(self, tau: float) -> dict[str, float]:
        with torch.no_grad():
            sampled = self._relax(self.supernet, tau, self._random)
        return self._step(sampled, self._weight_optimiser)

    def _alpha_step(self, tau: float) -> dict[str, float]:
        # Gradients to the weights are not needed here, and they are half of the backward pass.
        _require_grad(self._weights, False)
        try:
            sampled = self._relax(self.supernet, tau, self._random)
            return self._step(sampled, self._alpha_optimiser)
        finally:
            _require_grad(self._weights, True)

    def _step(self, sampled: Sampled, optimiser: torch.optim.Optimizer) -> dict[str, float]:
        z, y = self.supernet.example_inputs(self.config.batch, self._random)
        images = self.supernet(z, y, edge_mixture(self.supernet.space, sampled))
        logits, statistics = self.view(images)
        total, parts = self.objective(Observation(images, y, logits, statistics))
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        return {"total": float(total.detach())} | parts

    def _architecture(self) -> dict[str, Any]:
        found = self.supernet.probabilities()
        return {
            "entropy": {name: _entropy(p) for name, p in found.items()},
            "probabilities": {name: p.tolist() for name, p in found.items()},
            "genotype": dict(self.genotype().program.chosen),
        }

    def genotype(self) -> Space:
        """The architecture found so far (Eq. 8), repaired."""
        return self.supernet.genotype()

    def state_dict(self) -> dict[str, Any]:
        """All that a fresh Search of the same arguments needs to go on bit for bit."""
        return {
            "supernet": self.supernet.state_dict(),
            "weight_optimiser": self._weight_optimiser.state_dict(),
            "alpha_optimiser": self._alpha_optimiser.state_dict(),
            "random": self._random.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`; names and shapes must be those of this super net."""
        self.supernet.load_state_dict(state["supernet"])
        self._weight_optimiser.load_state_dict(state["weight_optimiser"])
        self._alpha_optimiser.load_state_dict(state["alpha_optimiser"])
        self._random.set_state(state["random"])


def _require_grad(parameters: Iterable[nn.Parameter], needed: bool) -> None:
    for parameter in parameters:
        parameter.requires_grad_(needed)


def _entropy(p: Tensor) -> float:
    """In nats: 0 when one candidate has all the probability, log(k) when k are equal."""
    return float(torch.special.entr(p.detach()).sum())
