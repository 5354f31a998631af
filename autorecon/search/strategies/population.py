"""What the strategies share that compare single architectures."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from random import Random
from typing import Any

import attrs
import torch
from torch import Tensor

from autorecon.graph.architectures.codec import Picks
from autorecon.graph.architectures.ids import options
from autorecon.graph.counting.decision_diagram import FrontierTooWide
from autorecon.graph.sampling.mutate import crossover, mutate
from autorecon.graph.sampling.sample import ValidArchitectures, first_valid
from autorecon.graph.valid.derive import derive_choices
from autorecon.nn import Sampled
from autorecon.objective import Values
from autorecon.search.config import SearchConfig, SearchError
from autorecon.search.costs import relative
from autorecon.search.judge import Judge
from autorecon.search.samples import one_path
from autorecon.search.strategies.strategy import Member, Strategy

# Rejected draws in a row, past which valid architectures are numbered to be drawn.
MAX_DRAWS = 100


class PopulationStrategy(Strategy):
    """Architectures judged by the weights that they share in the super net, on the same noise.

    A weight step trains one path, drawn from all valid ones alike (Guo et al., single path
    one-shot). Weights move from epoch to epoch, so the members are judged anew when an epoch's
    architecture steps begin.
    """

    def __init__(self, judge: Judge, config: SearchConfig, random: torch.Generator) -> None:
        super().__init__(judge, config, random)
        self.settings = config.population
        self.members: list[Member] = []
        self.chance = Random(config.seed)
        self._stale = True

    def begin(self, epoch: int) -> None:
        self._stale = True

    def draw(self) -> Sampled:
        return one_path(self.space, self.any_picks())

    def any_picks(self) -> Picks:
        """A valid architecture, each as likely as any other; SearchError if they are too rare."""
        found = first_valid(self.space, self.chance, MAX_DRAWS)
        return self._valid.sample(self.chance) if found is None else found

    @cached_property
    def _valid(self) -> ValidArchitectures:
        """Where drawing them from among all takes long."""
        try:
            return ValidArchitectures(self.space)
        except FrontierTooWide as error:
            raise SearchError(
                f"of {MAX_DRAWS} architectures drawn from {self.space.name}, none is valid, and it "
                "is too entangled to know those that are: use a strategy that learns"
            ) from error

    def step(self) -> Values:
        if self._stale:
            self.members = [self._judged(member.picks) for member in self.members]
            self._stale = False
        child = self._judged(self.propose())
        self.members = self.survivors([*self.members, child])
        return dict(child.losses)

    def _judged(self, picks: Picks) -> Member:
        cost = self.space.genotype(picks).cost
        losses = self.judge.fixed(
            one_path(self.space, picks), relative(cost, self.space, self.judge.device)
        )
        return Member(picks, losses, cost.parameters.max, cost.macs.max)

    @abstractmethod
    def propose(self) -> Picks:
        """The architecture to judge next."""

    def child(self, rank: Callable[[Member], float]) -> Picks:
        """The best of `tournament` members, the one of least `rank`, crossed with the best of as
        many others with probability `crossover`, and with one decision changed."""
        picks = self._winner(rank)
        if self.chance.random() < self.settings.crossover:
            picks = crossover(self.space, picks, self._winner(rank), self.chance)
        return mutate(self.space, picks, self.chance)

    def _winner(self, rank: Callable[[Member], float]) -> Picks:
        return min(self.chance.sample(self.members, self.settings.tournament), key=rank).picks

    @abstractmethod
    def survivors(self, members: Sequence[Member]) -> list[Member]:
        """Which of the members, the newest of them last, stay."""

    def compared(self) -> Sequence[Member]:
        return self.members

    def best(self) -> Member:
        """The one to derive; there are members."""
        return min(self.members, key=lambda member: member.total)

    def choices(self) -> dict[str, str]:
        if self.members:
            return options(self.space, self.best().picks)
        uniform = {name: p.tolist() for name, p in self.probabilities().items()}
        return derive_choices(self.space, uniform)

    def probabilities(self) -> dict[str, Tensor]:
        """The members' shares; uniform while there are none."""
        return {
            decision.name: self._shares(place, len(decision.options))
            for place, decision in enumerate(self.space.decisions)
        }

    def _shares(self, place: int, count: int) -> Tensor:
        if not self.members:
            return torch.full((count,), 1 / count)
        picked = torch.tensor([member.picks[place] for member in self.members])
        return torch.bincount(picked, minlength=count) / len(self.members)

    def notes(self) -> dict[str, Any]:
        if not self.members:
            return {}
        return {"members": len(self.members), "best": dict(self.best().losses)}

    def state_dict(self) -> dict[str, Any]:
        members = [attrs.asdict(member) for member in self.members]
        return {"members": members, "chance": self.chance.getstate(), "stale": self._stale}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.members = [Member(**member) for member in state["members"]]
        self.chance.setstate(state["chance"])
        self._stale = state["stale"]
