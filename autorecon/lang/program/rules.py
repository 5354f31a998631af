"""Budgets and rules: which architectures of a space count as such."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import product
from typing import TypeAlias

import attrs

from autorecon.lang.program.candidates import Pipeline
from autorecon.lang.program.edges import Decision, Edge
from autorecon.lang.source import Span


@attrs.frozen
class Limit:
    """A bound of what an architecture costs: `least` <= its `measure` <= `most`."""

    text: str
    measure: str  # of the cost interval
    least: float
    most: float
    span: Span = attrs.field(eq=False, repr=False)


@attrs.frozen
class Count:
    """A bound of how many of `edges` (names) choose one of `options`, live or not.

    An option is a candidate, or the name of an operation for every candidate that has it. Where it
    is about a `choice` with a name, `edges` is one that depends on it, and the options are those
    of the choice at these places: it counts whether one of them is taken.
    """

    least: float
    most: float
    options: tuple[Pipeline | str, ...]
    edges: tuple[str, ...]
    choice: str | None = None
    places: frozenset[int] = frozenset()
    is_counted: bool = True  # `at most one none`, and not `a -> b = none`

    def holds(self, count: int) -> bool:
        return self.least <= count <= self.most

    def matches(self, candidate: Pipeline) -> bool:
        """Whether it counts an edge that chooses this, if it is not about a choice."""
        if not self._names.isdisjoint(candidate.names):
            return True
        return any(candidate.ops == option.ops for option in self._pipelines)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(option for option in self.options if isinstance(option, str))

    @cached_property
    def _pipelines(self) -> tuple[Pipeline, ...]:
        return tuple(option for option in self.options if not isinstance(option, str))

    def rows(
        self, edge: Edge, decisions: Mapping[str, Decision], picks: Mapping[str, int]
    ) -> tuple[bool, ...]:
        """Which rows of the edge's table it counts; `picks` are of decisions that are made."""
        if self.choice is None:
            counted = [*map(self.matches, edge.candidates)]
            return tuple(counted[candidate] for candidate in edge.table)
        if self.choice not in decisions:
            return (picks.get(self.choice) in self.places,) * len(edge.table)
        place = edge.axes.index(self.choice)
        radices = (range(len(decisions[axis].options)) for axis in edge.axes)
        return tuple(picks[place] in self.places for picks in product(*radices))

    def complement(self) -> Iterator[Count]:
        """What holds just where this does not: one of these."""
        if self.least > 0:
            yield attrs.evolve(self, least=0, most=self.least - 1)
        if self.most < math.inf:
            yield attrs.evolve(self, least=self.most + 1, most=math.inf)


@attrs.frozen
class Rule:
    """One of `counts` holds: the last is what the rule claims, and each other one says that a
    condition of it does not hold."""

    text: str
    counts: tuple[Count, ...]
    span: Span = attrs.field(eq=False, repr=False)

    @property
    def claim(self) -> Count:
        return self.counts[-1]

    def broken(self) -> Iterator[Rule]:
        """All of these hold just where this does not."""
        for count in self.counts:
            yield attrs.evolve(self, counts=tuple(count.complement()))


Restriction: TypeAlias = Limit | Rule


def is_option(candidate: Pipeline, option: Pipeline | str) -> bool:
    """Whether a rule that names the option means the candidate."""
    if isinstance(option, str):
        return option in candidate.names
    return candidate.ops == option.ops
