"""What a search asks of a strategy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import torch
from torch import Tensor

from autorecon.graph.architectures.codec import Picks
from autorecon.nn import Sampled
from autorecon.objective import Values
from autorecon.search.config import SearchConfig
from autorecon.search.judge import Judge


@attrs.frozen
class Member:
    """An architecture, what it costs, and its losses by the weights that it was judged with."""

    picks: Picks
    losses: Mapping[str, float]
    parameters: int
    macs: int

    @property
    def total(self) -> float:
        return self.losses["total"]


class Strategy(ABC):
    """One way to choose the architecture while the super net's weights are trained.

    `random` is the search's own; what is drawn otherwise must be in the state. Everything that a
    strategy does depends on its state, the epoch and the super net alone.
    """

    def __init__(self, judge: Judge, config: SearchConfig, random: torch.Generator) -> None:
        self.judge, self.config, self.random = judge, config, random
        self.net, self.space = judge.net, judge.net.space

    def begin(self, epoch: int) -> None:  # noqa: B027
        """Called before the steps of an epoch."""

    def notes(self) -> dict[str, Any]:
        """What the row of an epoch that has ended shows beside losses and probabilities."""
        return {}

    @abstractmethod
    def draw(self) -> Sampled:
        """What the next weight step trains, without gradients."""

    @abstractmethod
    def step(self) -> Values:
        """One architecture step; `total` and the values of the objective's terms."""

    @abstractmethod
    def probabilities(self) -> dict[str, Tensor]:
        """Of each decision's options, by its name; they add up to one."""

    @abstractmethod
    def choices(self) -> dict[str, str]:
        """The option of each decision found so far; noise reaches the image."""

    def compared(self) -> Sequence[Member]:
        """Architectures of which the one chosen is the best."""
        return ()

    def front(self) -> Sequence[Member]:
        """What is worth having beside the architecture chosen, the cheapest first."""
        return ()

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """What it has beside the super net's state and the search's `random`."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave."""
