"""Budgets and rules: which architectures of a space count as such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import attrs

from autorecon.lang.program.candidates import Pipeline
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
class Rule:
    """A bound of how many of `edges` (names) choose one of `options`, live or not.

    An option is a candidate, or the name of an operation for every candidate that has it.
    """

    text: str
    least: float
    most: float
    options: tuple[Pipeline | str, ...]
    edges: tuple[str, ...]
    span: Span = attrs.field(eq=False, repr=False)

    def matches(self, candidate: Pipeline) -> bool:
        """Whether the rule counts an edge that chooses this."""
        return any(_is(candidate, option) for option in self.options)

    def count(self, chosen: Mapping[str, Pipeline]) -> int:
        """How many edges it counts, given every edge's choice by name."""
        return sum(self.matches(chosen[name]) for name in self.edges)


Restriction: TypeAlias = Limit | Rule


def _is(candidate: Pipeline, option: Pipeline | str) -> bool:
    if isinstance(option, str):
        return any(op.name == option for op in candidate.ops)
    return candidate == option
