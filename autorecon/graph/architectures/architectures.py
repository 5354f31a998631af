"""A program as a set of architectures: what is decided, in which order, and how many ways.

It is what analyses ask; `Space` stands above them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property, wraps
from typing import Any, TypeVar

from autorecon.graph.architectures.codec import Codec
from autorecon.lang import Decision, Edge, Node, Program
from autorecon.lang.program.flow import topological_order
from autorecon.lang.program.ties import is_tied

T = TypeVar("T")


class Architectures:
    """Those of a checked program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._known: dict[Callable, Any] = {}

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def nodes(self) -> Mapping[str, Node]:
        return self.program.nodes

    @property
    def edges(self) -> tuple[Edge, ...]:
        return self.program.edges

    @property
    def parameters(self) -> Mapping[str, int | float | bool]:
        return self.program.parameters

    @property
    def output(self) -> Node:
        return self.program.output

    @property
    def is_genotype(self) -> bool:
        """Whether nothing is left to choose: a genotype or a human-designed generator."""
        return self.architectures == 1

    @cached_property
    def architectures(self) -> int:
        """|S|, the number of ways to make every decision (exact)."""
        return math.prod(len(decision.options) for decision in self.decisions)

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """What is chosen, in the order of the text: one for each edge, unless edges are tied."""
        return tuple(self.program.decisions.values())

    @cached_property
    def choices(self) -> tuple[Edge, ...]:
        """Edges with more than one candidate, in the order of the text."""
        return tuple(edge for edge in self.edges if len(edge.candidates) > 1)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Nodes in topological order."""
        return tuple(topological_order(self.nodes, self.edges))

    @cached_property
    def codec(self) -> Codec:
        """Picks <-> numbers, fast."""
        return Codec(len(decision.options) for decision in self.decisions)

    @cached_property
    def is_tied(self) -> bool:
        """Whether not every edge simply chooses one of its candidates, with weights of its own."""
        return is_tied(self.program)


def once(analysis: Callable[[Architectures], T]) -> Callable[[Architectures], T]:
    """An analysis whose answer is kept with what it was asked about."""

    @wraps(analysis)
    def known(space: Architectures) -> T:
        if analysis not in space._known:
            space._known[analysis] = analysis(space)
        found: T = space._known[analysis]
        return found

    return known
