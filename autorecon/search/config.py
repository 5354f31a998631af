"""The settings of a search, as plain values that a TOML file can hold."""

from __future__ import annotations

from typing import Any

import attrs

from autorecon.lang import did_you_mean
from autorecon.objective import Objective
from autorecon.search.catalogue import DERIVATIONS, STRATEGIES, StrategyInfo


class SearchError(ValueError):
    """A setting that makes no sense; one line says which and what would."""

    exit_code = 2


def _require(settings: Any, name: str, holds: bool, demand: str) -> None:
    if not holds:
        raise SearchError(f"{name} = {getattr(settings, name)} must be {demand}")


@attrs.frozen
class AlphaConfig:
    """Adam's on the architecture parameters."""

    lr: float = 2e-2
    weight_decay: float = 1e-4

    def __attrs_post_init__(self) -> None:
        _require(self, "lr", self.lr > 0, "above 0")
        _require(self, "weight_decay", self.weight_decay >= 0, "0 or more")


@attrs.frozen
class GumbelConfig:
    """The temperature, from the first epoch that trains alpha to the last; exponential."""

    tau: float = 5.0
    tau_end: float = 0.5

    def __attrs_post_init__(self) -> None:
        for name in ("tau", "tau_end"):
            _require(self, name, getattr(self, name) > 0, "above 0")


@attrs.frozen
class FairDartsConfig:
    """The weight of the loss that draws sigmoids to 0 or 1; 10 is the paper's."""

    zero_one: float = 10.0

    def __attrs_post_init__(self) -> None:
        _require(self, "zero_one", self.zero_one >= 0, "0 or more")


@attrs.frozen
class PopulationConfig:
    """How many architectures are kept, how many compete to be a parent, and how often a child has
    two parents."""

    size: int = 16
    tournament: int = 4
    crossover: float = 0.5

    def __attrs_post_init__(self) -> None:
        _require(self, "size", self.size >= 2, "at least 2")
        within = 1 <= self.tournament <= self.size
        _require(self, "tournament", within, "at least 1, and no more than size")
        _require(self, "crossover", 0 <= self.crossover <= 1, "a probability")


SECTIONS = (AlphaConfig, GumbelConfig, FairDartsConfig, PopulationConfig)


@attrs.frozen
class SearchConfig:
    """Algorithm 1, stage 1: an epoch is T1 weight steps, then V1 architecture steps.

    The first `warmup_epochs` train weights alone. The paper states none of L1, T1, V1, tau and the
    optimisers. The sections are of those strategies whose `settings` name them.
    Raises SearchError or ObjectiveError.
    """

    strategy: str = "log"
    objective: str = "ce + 0.1*bns"
    epochs: int = 12
    warmup_epochs: int = 3
    weight_steps: int = 10
    architecture_steps: int = 10
    batch: int = 32
    weight_lr: float = 1e-3
    seed: int = 0
    derive: str = "argmax"
    derive_samples: int = 16
    alpha: AlphaConfig = attrs.Factory(AlphaConfig)
    gumbel: GumbelConfig = attrs.Factory(GumbelConfig)
    fairdarts: FairDartsConfig = attrs.Factory(FairDartsConfig)
    population: PopulationConfig = attrs.Factory(PopulationConfig)

    def __attrs_post_init__(self) -> None:
        Objective.parse(self.objective)
        self._check_strategy()
        self._check_derive()
        for name in ("epochs", "weight_steps", "architecture_steps", "derive_samples"):
            _require(self, name, getattr(self, name) >= 1, "at least 1")
        _require(self, "seed", 0 <= self.seed < 2**63, "0 to 2**63 - 1")
        _require(self, "weight_lr", self.weight_lr > 0, "above 0")
        _require(self, "batch", self.batch >= 2, "at least 2, for the batch's statistics")
        within = 0 <= self.warmup_epochs < self.epochs
        _require(self, "warmup_epochs", within, "0 or more, and fewer than epochs")

    def _check_strategy(self) -> None:
        if self.strategy not in STRATEGIES:
            hint = did_you_mean(self.strategy, list(STRATEGIES))
            raise SearchError(f"strategy = '{self.strategy}' is unknown: {hint}")
        for field in attrs.fields(SearchConfig):
            value = getattr(self, field.name)
            if attrs.has(type(value)) and field.name not in self.info.settings:
                _refuse_unread(value, field.name, self.strategy)

    def _check_derive(self) -> None:
        if self.derive not in DERIVATIONS:
            hint = did_you_mean(self.derive, list(DERIVATIONS))
            raise SearchError(f"derive = '{self.derive}' is unknown: {hint}")
        if self.derive != "argmax" and not self.info.learns:
            raise SearchError(
                f"derive = '{self.derive}' needs learnt probabilities, and strategy "
                f"'{self.strategy}' compares architectures: its 'argmax' takes the best of them"
            )

    @property
    def info(self) -> StrategyInfo:
        return STRATEGIES[self.strategy]

    def ticks_before(self, epoch: int) -> int:
        """Steps in the epochs before `epoch`."""
        return epoch * self.weight_steps + max(0, epoch - self.warmup_epochs) * (
            self.architecture_steps
        )

    def temperature(self, epoch: int) -> float:
        """tau of an epoch: `tau` at the first that trains alpha, `tau_end` at the last."""
        last = self.epochs - 1 - self.warmup_epochs
        done = min(1.0, max(0, epoch - self.warmup_epochs) / last) if last else 1.0
        tau, end = self.gumbel.tau, self.gumbel.tau_end
        return tau * (end / tau) ** done


def _refuse_unread(section: Any, name: str, strategy: str) -> None:
    """A setting that changes nothing is a mistake, unless it says what holds anyhow."""
    if section != type(section)():
        readers = ", ".join(info.name for info in STRATEGIES.values() if name in info.settings)
        raise SearchError(f"search.{name} is not for strategy '{strategy}', but for {readers}")
