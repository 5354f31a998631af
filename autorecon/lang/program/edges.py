"""Edges, and the decisions that choose their candidates."""

from __future__ import annotations

from functools import cache, cached_property

import attrs

from autorecon.lang.program.candidates import Pipeline
from autorecon.lang.source import Span


@attrs.frozen
class Decision:
    """What a genotype says in one line: an option of an edge, or of several edges that are tied.

    `text` is how a genotype names it: `B1.n2 -> B1.n4` where `name` is `B1.n2->n4`.
    """

    name: str
    text: str
    options: tuple[str, ...]
    block: str | None = None
    span: Span | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def is_edge(self) -> bool:
        """Whether it is an edge's own, not that of a choice with a name."""
        return "->" in self.name


@cache
def _counted(count: int) -> tuple[int, ...]:
    return tuple(range(count))


@attrs.frozen
class Edge:
    """A connection and its candidate operations, in the order of the text.

    `written` names its ends as the text does (`B2.n1 -> B2.n2`), `source` and `target` are nodes.
    `axes` are the decisions that it depends on: one of its own, unless something is tied. `table`
    has the candidate's index for each of their combinations in mixed radix, the last axis the
    fastest.
    """

    source: str
    target: str
    written: tuple[str, str]
    type: str
    contract: str | None
    candidates: tuple[Pipeline, ...]
    block: str | None = None
    in_full: bool = False  # whether its short name would be that of another
    axes: tuple[str, ...] = attrs.Factory(lambda edge: edge._own_axes(), takes_self=True)
    table: tuple[int, ...] = attrs.Factory(lambda edge: _counted(len(edge.candidates)), True)
    weights_of: str | None = None  # the edge whose modules it shares
    span: Span | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def text(self) -> str:
        return f"{self.written[0]} -> {self.written[1]}"

    @cached_property
    def name(self) -> str:
        """Short and unique: `B1.n2->n4` within a block, else `B1.n2->B2.n4`."""
        source, target = self.written
        if self.block is not None and not self.in_full:
            target = target.removeprefix(f"{self.block}.")
        return f"{source}->{target}"

    @property
    def decision(self) -> str | None:
        """The decision whose options are the candidates, one by one, if any one decides alone."""
        alone = len(self.axes) == 1 and self.table == _counted(len(self.candidates))
        return self.axes[0] if alone else None

    @cached_property
    def none(self) -> int | None:
        """The index of the first candidate that is `none`, if it offers that."""
        return next((i for i, c in enumerate(self.candidates) if c.is_none), None)

    @property
    def is_cut(self) -> bool:
        return all(c.is_none for c in self.candidates)

    def _own_axes(self) -> tuple[str, ...]:
        return (self.name,) if len(self.candidates) > 1 else ()

    def named_in_full(self) -> Edge:
        """The same edge, which nothing is tied to yet, with its name in full."""
        edge = attrs.evolve(self, in_full=True)
        return attrs.evolve(edge, axes=edge._own_axes())

    def decided(self, candidate: Pipeline) -> Edge:
        """The same edge with nothing to choose."""
        return attrs.evolve(self, candidates=(candidate,), axes=(), table=(0,))
