"""Random search, the control that every other strategy has to beat."""

from __future__ import annotations

from collections.abc import Sequence

from autorecon.graph.architectures.codec import Picks
from autorecon.search.strategies.population import PopulationStrategy
from autorecon.search.strategies.strategy import Member


class RandomSearch(PopulationStrategy):
    """Valid architectures drawn alike; the best ones stay to be judged by the final weights."""

    def propose(self) -> Picks:
        return self.any_picks()

    def survivors(self, members: Sequence[Member]) -> list[Member]:
        return sorted(members, key=lambda member: member.total)[: self.settings.size]
