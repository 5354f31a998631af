"""Algorithm 1, stage 1: weights and the architecture in turn, on freshly drawn noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from autorecon.nn import Compute, SuperNet
from autorecon.nn.transfer import fetched
from autorecon.objective import Losses, Objective, Values
from autorecon.records.derivation import Derivation
from autorecon.search.check import check
from autorecon.search.config import SearchConfig
from autorecon.search.derivation import derive
from autorecon.search.judge import Judge
from autorecon.search.proposals import propose
from autorecon.search.strategies import build

Step = Callable[[], Values]


class Search:
    """A resumable stage that trains a super net against a teacher; it reads and writes no files.

    Both are moved to where `compute` has them. Random numbers are drawn on the CPU, so that a seed
    means the same everywhere. Where the objective asks for images of a class, the super net's space
    is from then on that of the architectures in which the label leads to the image.
    Raises SearchError where the strategy misses something that it needs, ArchitectureError where no
    label leads to the image.
    """

    def __init__(
        self,
        supernet: SuperNet,
        teacher: nn.Module,
        config: SearchConfig,
        *,
        compute: Compute = Compute(),
        name: str = "search",
    ) -> None:
        objective = Objective.parse(config.objective)
        if objective.asks_classes:
            supernet.space = supernet.space.requiring("label")
        check(config, supernet.space)
        self.name, self.epochs, self.config = name, config.epochs, config
        self.ticks = config.ticks_before(config.epochs)
        for net in (supernet, teacher):
            compute.place(net)
        self.supernet = supernet.train()
        self._random = torch.Generator().manual_seed(config.seed)
        self.judge = Judge(supernet, teacher, objective, config.batch, self._random, compute)
        self.strategy = build(self.judge, config, self._random)
        self._optimiser = torch.optim.Adam(
            list(supernet.weight_parameters()), config.weight_lr, betas=(0.5, 0.999)
        )

        self._losses: dict[str, Losses] = {}
        """Of the epoch that is being done, by phase."""
        self._ended = False

    def ticks_before(self, epoch: int) -> int:
        return self.config.ticks_before(epoch)

    def run_epoch(self, epoch: int, tick: Callable[[], None]) -> dict[str, Any]:
        """T1 weight steps, V1 architecture steps; the row has both mean losses, and by decision the
        entropy (nats), the probabilities and the option chosen so far."""
        if not self._losses:
            self.strategy.begin(epoch)
        first, config = self.ticks_before(epoch), self.config
        self._phase("weights", self._weight_step, config.weight_steps, first, tick)
        if epoch >= config.warmup_epochs:
            first += config.weight_steps
            steps = config.architecture_steps
            self._phase("architecture", self.strategy.step, steps, first, tick)
        row = {phase: losses.means() for phase, losses in self._losses.items()}
        self._losses, self._ended = {}, epoch + 1 == self.epochs
        if self._ended:
            self._optimiser.state.clear()
        return self.strategy.notes() | row | self._architecture()

    def _phase(
        self, name: str, step: Step, count: int, first: int, tick: Callable[[], None]
    ) -> None:
        """What is left of `count` steps; `first` steps of the search came before them."""
        losses = self._losses.setdefault(name, Losses())
        for index in range(losses.steps, count):
            losses.take(first + index + 1, step)
            tick()

    def _weight_step(self) -> Values:
        total, parts = self.judge.fresh(self.strategy.draw())
        total.backward()
        self._optimiser.step()
        self._optimiser.zero_grad()
        return {"total": total.detach(), **parts}

    def _architecture(self) -> dict[str, Any]:
        there = self.strategy.probabilities()
        found = dict(zip(there, fetched(list(there.values())), strict=True))
        return {
            "entropy": {name: _entropy(p) for name, p in found.items()},
            "probabilities": {name: p.tolist() for name, p in found.items()},
            "genotype": self.strategy.choices(),
        }

    def derive(self) -> Derivation:
        """The architecture found so far, by the way that the settings name."""
        return derive(self.strategy, self.config)

    def propose(self, first: Derivation, count: int) -> list[dict[str, str]]:
        """At most `count` architectures worth a closer look, `first` the first of them."""
        return propose(self.strategy, self.config, first.choices, count)

    def state_dict(self) -> dict[str, Any]:
        """All that a fresh Search of the same arguments needs to go on bit for bit; Adam's moments,
        twice the size of the weights, only while there is a step to come."""
        moments = {} if self._ended else {"weight_optimiser": self._optimiser.state_dict()}
        return moments | {
            "supernet": self.supernet.state_dict(),
            "strategy": self.strategy.state_dict(),
            "random": self._random.get_state(),
            "losses": {phase: losses.read() for phase, losses in self._losses.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`; names and shapes must be those of this super net."""
        self.supernet.load_state_dict(state["supernet"])
        self._ended = "weight_optimiser" not in state
        if not self._ended:
            self._optimiser.load_state_dict(state["weight_optimiser"])
        self.strategy.load_state_dict(state["strategy"])
        self._random.set_state(state["random"])
        self._losses = {
            phase: Losses(known, len(known["total"])) for phase, known in state["losses"].items()
        }


def _entropy(p: Tensor) -> float:
    """In nats: 0 when one candidate has all the probability, log(k) when k are equal."""
    return float(torch.special.entr(p).sum())
