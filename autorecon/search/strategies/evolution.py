"""Regularised evolution: the oldest dies, however good it was."""

from __future__ import annotations

from collections.abc import Sequence

from autorecon.graph.architectures.codec import Picks
from autorecon.search.strategies.population import PopulationStrategy
from autorecon.search.strategies.strategy import Member


class Evolution(PopulationStrategy):
    """Ageing evolution (Algorithm 1 of Real et al.) over shared weights."""

    def propose(self) -> Picks:
        if len(self.members) < self.settings.size:
            return self.any_picks()
        return self.child(lambda member: member.total)

    def survivors(self, members: Sequence[Member]) -> list[Member]:
        return list(members[-self.settings.size :])
