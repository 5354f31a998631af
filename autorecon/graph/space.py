"""A space as users hold it: each of its outputs asks for its phase, and the phase runs once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from autorecon.lang import Edge, Node, Program, Source, check, find_space, load_program
from autorecon.lang.check_graph import live_nodes, topological_order

if TYPE_CHECKING:
    import networkx

    from autorecon.graph.cost import CostInterval


class Space:
    """A checked space: a search space, a genotype or a human-designed generator (a space of size
    1).

    Two spaces are equal when their programs are: same nodes, edges, candidates and parameters.
    """

    def __init__(self, program: Program) -> None:
        self.program = program

    def __repr__(self) -> str:
        kind = "genotype" if self.program.of else "space"
        return f"<{kind} {self.name}: {len(self.nodes)} nodes, {len(self.edges)} edges>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Space) and self.program == other.program

    def __hash__(self) -> int:
        return hash((self.name, self.edges))

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
    def text(self) -> str:
        """The source text, exactly as it was read."""
        return self.program.source.text

    @property
    def is_genotype(self) -> bool:
        """Whether nothing is left to choose: a genotype or a human-designed generator."""
        return self.architectures == 1

    @cached_property
    def architectures(self) -> int:
        """|S|, the number of ways to choose a candidate on every edge (exact)."""
        return math.prod(len(edge.candidates) for edge in self.edges)

    @cached_property
    def edges_by_type(self) -> dict[str, int]:
        return dict(Counter(edge.type for edge in self.edges))

    @cached_property
    def choices(self) -> tuple[Edge, ...]:
        """Edges with more than one candidate, in the order of the text."""
        return tuple(edge for edge in self.edges if len(edge.candidates) > 1)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Nodes in topological order."""
        return tuple(topological_order(self.nodes, self.edges))

    @cached_property
    def live(self) -> frozenset[str]:
        """Nodes on a path from an input to the output over edges that can be other than `none`."""
        return frozenset(live_nodes(self.nodes, (e for e in self.edges if not e.is_cut)))

    @cached_property
    def graph(self) -> networkx.MultiDiGraph:
        """The DAG; attributes as `build_graph` documents them."""
        from autorecon.graph.build import build_graph

        return build_graph(self.program)

    @cached_property
    def cost(self) -> CostInterval:
        """Parameters and multiply-accumulates over the whole space."""
        from autorecon.graph.cost import cost_interval

        return cost_interval(self.program)

    @cached_property
    def valid_architectures(self) -> int | None:
        """How many architectures lead noise to the output; None when too entangled to count."""
        from autorecon.graph.cost import valid_architectures

        return valid_architectures(self.program)

    @cached_property
    def distinct_architectures(self) -> int | None:
        """How many different generators they derive to, once dead paths are left out; or None."""
        from autorecon.graph.cost import distinct_architectures

        return distinct_architectures(self.program)


def load(path: str | Path, **parameters: int | float | bool) -> Space:
    """Read and check a `.space` or genotype file, or a shipped space by its name (`paper`).

    SpaceError lists everything that is wrong with it. `parameters` replace the defaults of the
    header, as `--set` does on the command line.
    """
    return Space(load_program(find_space(path), parameters))


def loads(text: str, name: str = "<text>", **parameters: int | float | bool) -> Space:
    """The same for a text."""
    return Space(check(Source(text, name), parameters))
