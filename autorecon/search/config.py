"""The settings of a search, as plain values that a TOML file can hold."""

from __future__ import annotations

import attrs

from autorecon.objective import Objective

RELAXATIONS = {
    "paper": "Eq. 7 as printed: Gumbel-softmax whose logits are the probabilities",
    "log": "Gumbel-softmax with log-probabilities: samples follow the probabilities",
    "hard": "one candidate an edge, drawn by its probability, straight-through (GDAS)",
}


class SearchError(ValueError):
    """A setting that makes no sense; one line says which and what would."""

    exit_code = 2


@attrs.frozen
class SearchConfig:
    """Algorithm 1, stage 1: an epoch is T1 weight steps, then V1 architecture steps.

    The first `warmup_epochs` train weights alone. The temperature falls exponentially from `tau` to
    `tau_end` over the other epochs. The paper states none of L1, T1, V1, tau and the optimisers.
    Raises SearchError or ObjectiveError.
    """

    relaxation: str = "log"
    objective: str = "ce + 0.1*bns"
    epochs: int = 12
    warmup_epochs: int = 3
    weight_steps: int = 10
    architecture_steps: int = 10
    batch: int = 32
    tau: float = 5.0
    tau_end: float = 0.5
    weight_lr: float = 1e-3
    architecture_lr: float = 2e-2
    architecture_weight_decay: float = 1e-4
    seed: int = 0

    def __attrs_post_init__(self) -> None:
        Objective.parse(self.objective)
        if self.relaxation not in RELAXATIONS:
            known = ", ".join(RELAXATIONS)
            raise SearchError(f"relaxation = '{self.relaxation}' is unknown; choose of {known}")
        for name in ("epochs", "weight_steps", "architecture_steps"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        for name in ("architecture_weight_decay", "seed"):
            self._require(name, getattr(self, name) >= 0, "0 or more")
        for name in ("tau", "tau_end", "weight_lr", "architecture_lr"):
            self._require(name, getattr(self, name) > 0, "above 0")
        self._require("batch", self.batch >= 2, "at least 2, for the batch's statistics")
        within = 0 <= self.warmup_epochs < self.epochs
        self._require("warmup_epochs", within, "0 or more, and fewer than epochs")

    def _require(self, name: str, holds: bool, demand: str) -> None:
        if not holds:
            raise SearchError(f"{name} = {getattr(self, name)} must be {demand}")

    def ticks_before(self, epoch: int) -> int:
        """Optimiser steps in the epochs before `epoch`."""
        return epoch * self.weight_steps + max(0, epoch - self.warmup_epochs) * (
            self.architecture_steps
        )

    def temperature(self, epoch: int) -> float:
        """tau of an epoch: `tau` at the first that trains alpha, `tau_end` at the last."""
        last = self.epochs - 1 - self.warmup_epochs
        done = min(1.0, max(0, epoch - self.warmup_epochs) / last) if last else 1.0
        return self.tau * (self.tau_end / self.tau) ** done
