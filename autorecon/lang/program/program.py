"""The checked program: flat nodes, edges and decisions whose shapes and contracts hold."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import attrs

from autorecon.lang.diagnostics.faults import Diagnostic
from autorecon.lang.program.candidates import Pipeline
from autorecon.lang.program.edges import Decision, Edge
from autorecon.lang.program.flow import origin
from autorecon.lang.program.nodes import Node
from autorecon.lang.program.rules import Count, Limit, Rule
from autorecon.lang.record import Record
from autorecon.lang.source import Source, Span


class Written(Record):
    """What a text says and the flat program does not: what it takes to write it again."""

    instances: Mapping[str, tuple[str, ...]]  # each with those that it comes `after`
    choices: Mapping[str, tuple[Pipeline, ...]]  # the options of each, which may name choices
    options: Mapping[str, tuple[Pipeline, ...]]  # candidates of edges that name choices
    shares: tuple[tuple[str, tuple[str, ...]], ...]  # of "choice" or "weights", by whom
    apart: tuple[str, ...]  # choices of sizes each of which has weights of its own


@attrs.frozen
class Program:
    """A checked space: what is there, and the decisions that it leaves open, in the text's order.

    In a genotype every edge has one candidate and nothing is open; `chosen` has the option of each
    of its space's decisions, `picks` its place among them, and `of` names that space.
    """

    name: str
    parameters: Mapping[str, int | float | bool]
    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    decisions: Mapping[str, Decision]  # each with two options at least
    limits: tuple[Limit, ...] = attrs.field(kw_only=True, default=())
    rules: tuple[Rule, ...] = attrs.field(kw_only=True, default=())
    # Parameters that a genotype need not give: their defaults are made of others, and hold here.
    following: frozenset[str] = attrs.field(kw_only=True, default=frozenset(), eq=False, repr=False)
    # Roles of inputs; one of each must reach the output. More than the first no text asks for.
    required: tuple[str, ...] = attrs.field(
        kw_only=True, default=attrs.Factory(lambda self: (origin(self.nodes),), takes_self=True)
    )
    source: Source = attrs.field(eq=False, repr=False)
    written: Written = attrs.field(eq=False, repr=False)
    picks: Mapping[str, int] = attrs.field(factory=dict, eq=False, repr=False)
    chosen: Mapping[str, str] = attrs.field(factory=dict)
    of: str | None = attrs.field(default=None, eq=False)
    base_path: Path | None = attrs.field(default=None, eq=False)
    # What edges of each declared type choose from where they do not say it themselves.
    edge_types: Mapping[str, tuple[Pipeline, ...]] = attrs.field(factory=dict, eq=False, repr=False)
    # Files that it uses, each as it is called from the space's folder.
    used: tuple[tuple[str, Source], ...] = attrs.field(default=(), eq=False, repr=False)
    warnings: tuple[Diagnostic, ...] = attrs.field(default=(), eq=False)
    # Where a genotype chooses for an edge, by its name; and where the program begins.
    lines: Mapping[str, Span] = attrs.field(factory=dict, eq=False, repr=False)
    header: Span | None = attrs.field(default=None, eq=False, repr=False)

    @cached_property
    def by_name(self) -> Mapping[str, Edge]:
        """Every edge by its name."""
        return {edge.name: edge for edge in self.edges}

    @cached_property
    def counted(self) -> dict[Count, list[str]]:
        """The edges that a count of a rule may count, by those that were asked for."""
        return {}

    @property
    def output(self) -> Node:
        return next(n for n in self.nodes.values() if n.role == "output")

    @property
    def inputs(self) -> tuple[Node, ...]:
        return tuple(n for n in self.nodes.values() if n.is_input)

    @property
    def is_restricted(self) -> bool:
        """Whether an architecture may be left out though what images are made of reaches its
        output."""
        return bool(self.rules or self.limits or self.required[1:])

    @property
    def asking_nothing(self) -> Program:
        """The same where nothing more is required than that."""
        return attrs.evolve(self, required=self.required[:1])

    def candidate(self, edge: Edge, picks: Mapping[str, int]) -> int:
        """The index of an edge's candidate when each decision takes the option of this index."""
        place = 0
        for axis in edge.axes:
            place = place * len(self.decisions[axis].options) + picks[axis]
        return edge.table[place]
