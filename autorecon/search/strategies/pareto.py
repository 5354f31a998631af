"""Multi-objective evolution on loss and multiply-accumulates."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autorecon.graph.architectures.codec import Picks
from autorecon.search.strategies.population import PopulationStrategy
from autorecon.search.strategies.strategy import Member

MAX_TRIES = 20

Goal = Callable[[Member], float]
GOALS: tuple[Goal, ...] = (lambda member: member.total, lambda member: member.macs)


class Pareto(PopulationStrategy):
    """NSGA-II, a child at a time: of parents and child, the worst of the last front goes.

    No two members are the same generator. What is derived is the front's knee.
    """

    def propose(self) -> Picks:
        there = {self.space.liveness.canonical(member.picks) for member in self.members}
        if len(self.members) < self.settings.size:
            return self._new(self.any_picks, there)
        order = {id(member): place for place, member in enumerate(best_first(self.members))}
        return self._new(lambda: self.child(lambda member: order[id(member)]), there)

    def _new(self, draw: Callable[[], Picks], there: set[Picks]) -> Picks:
        """One that is not there yet, where a few draws find one."""
        for _ in range(MAX_TRIES):
            picks = draw()
            if self.space.liveness.canonical(picks) not in there:
                break
        return picks

    def survivors(self, members: Sequence[Member]) -> list[Member]:
        return best_first(_different(members, self.space.liveness.canonical))[: self.settings.size]

    def best(self) -> Member:
        return knee(self.front())

    def front(self) -> list[Member]:
        """Those that no other beats in one goal and equals in the other, the cheapest first."""
        return sorted(fronts(self.members)[0], key=lambda member: member.macs)

    def notes(self) -> dict[str, Any]:
        if not self.members:
            return {}
        front = [{"macs": member.macs, "total": member.total} for member in self.front()]
        return super().notes() | {"front": front}


def _different(members: Sequence[Member], canonical: Callable[[Picks], Picks]) -> list[Member]:
    return list({canonical(member.picks): member for member in members}.values())


def dominates(one: Member, other: Member) -> bool:
    """Nowhere worse and somewhere better."""
    pairs = [(goal(one), goal(other)) for goal in GOALS]
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def fronts(members: Sequence[Member]) -> list[list[Member]]:
    """Non-dominated sorting: those that none dominates, those that only these do, ..."""
    left, found = list(members), []
    while left:
        front = [m for m in left if not any(dominates(other, m) for other in left)]
        left = [m for m in left if not any(m is taken for taken in front)]
        found.append(front)
    return found


def crowding(front: Sequence[Member]) -> dict[int, float]:
    """By a member's place in the front: how far apart its neighbours are, over all goals, each
    relative to its range; infinite at the ends."""
    distance = dict.fromkeys(range(len(front)), 0.0)
    for goal in GOALS:
        order = sorted(distance, key=lambda place: goal(front[place]))
        values = [goal(front[place]) for place in order]
        span = values[-1] - values[0]
        for at, place in enumerate(order):
            inside = 0 < at < len(order) - 1
            gap = (values[at + 1] - values[at - 1]) / (span or 1) if inside else math.inf
            distance[place] += gap
    return distance


def best_first(members: Sequence[Member]) -> list[Member]:
    """Front by front; within one, the least crowded first."""
    found = []
    for front in fronts(members):
        distance = crowding(front)
        order = sorted(distance, key=lambda place: -distance[place])
        found += [front[place] for place in order]
    return found


def knee(front: Sequence[Member]) -> Member:
    """The nearest to the point that has the least of every goal, each relative to its range."""
    least = [min(goal(m) for m in front) for goal in GOALS]
    spans = [max(goal(m) for m in front) - low or 1 for goal, low in zip(GOALS, least, strict=True)]

    def distance(member: Member) -> float:
        goals = zip(GOALS, least, spans, strict=True)
        return math.hypot(*((goal(member) - low) / span for goal, low, span in goals))

    return min(front, key=distance)
