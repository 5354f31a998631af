"""Regularised evolution: the oldest dies, however good it was."""

from __future__ import annotations

from collections.abc import Sequence

from autorecon.graph.codec import Picks
from autorecon.graph.variation import crossover, mutate
from autorecon.search.strategies.population import PopulationStrategy
from autorecon.search.strategies.strategy import Member


class Evolution(PopulationStrategy):
    """Ageing evolution (Algorithm 1 of Real et al.) over shared weights.

    A child is the best of `tournament` members, crossed with the best of as many others with
    probability `crossover`, with one decision changed.
    """

    def propose(self) -> Picks:
        if len(self.members) < self.settings.size:
            return self.any_picks()
        picks = self._winner()
        if self.chance.random() < self.settings.crossover:
            picks = crossover(self.space, picks, self._winner(), self.chance)
        return mutate(self.space, picks, self.chance)

    def _winner(self) -> Picks:
        rivals = self.chance.sample(self.members, self.settings.tournament)
        return min(rivals, key=lambda member: member.total).picks

    def survivors(self, members: Sequence[Member]) -> list[Member]:
        return list(members[-self.settings.size :])
