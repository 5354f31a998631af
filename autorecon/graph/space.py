"""A space as users hold it: each of its outputs asks for its phase, and the phase runs once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from autorecon.lang import Decision, Edge, Node, Program, Source, check, find_space, load_program
from autorecon.lang.check_graph import live_nodes, topological_order

if TYPE_CHECKING:
    import networkx

    from autorecon.graph.canonical import Liveness
    from autorecon.graph.cost import CostInterval
    from autorecon.graph.encode import Codec, Picks
    from autorecon.graph.expectation import Expectation
    from autorecon.graph.frontier import Diagram
    from autorecon.graph.paths import Paths
    from autorecon.graph.restricted import Extent
    from autorecon.graph.restrictions import Restrictions
    from autorecon.graph.tied_parts import TiedParts


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
        """|S|, the number of ways to make every decision (exact)."""
        return math.prod(len(decision.options) for decision in self.decisions)

    @cached_property
    def edges_by_type(self) -> dict[str, int]:
        return dict(Counter(edge.type for edge in self.edges))

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
    def live(self) -> frozenset[str]:
        """Nodes on a path from an input to the output over edges that can be other than `none`."""
        return frozenset(live_nodes(self.nodes, (e for e in self.edges if not e.is_cut)))

    @cached_property
    def counterexample(self) -> tuple[str, ...]:
        """Lines of a genotype that cut the output from the noise, as few as possible; empty where
        no architecture does, or where ties or rules are too entangled to tell."""
        from autorecon.lang.cuts import counterexample

        return counterexample(self.program)

    @cached_property
    def graph(self) -> networkx.MultiDiGraph:
        """The DAG; attributes as `build_graph` documents them."""
        from autorecon.graph.dag.build import build_graph

        return build_graph(self.program)

    @cached_property
    def is_tied(self) -> bool:
        """Whether not every edge simply chooses one of its candidates, with weights of its own."""
        from autorecon.lang.cases import is_tied

        return is_tied(self.program)

    @cached_property
    def tied_parts(self) -> TiedParts | None:
        """`live_parts` where decisions are tied."""
        from autorecon.graph.frontier import FrontierTooWide
        from autorecon.graph.tied_parts import tied_parts

        try:
            return tied_parts(self.program)
        except FrontierTooWide:
            return None

    @cached_property
    def live_parts(self) -> Diagram | None:
        """All different generators that the space holds, as one diagram; None where decisions are
        tied or the space is too entangled."""
        from autorecon.graph.cost import live_parts

        return None if self.is_tied else live_parts(self.program)

    @cached_property
    def cost(self) -> CostInterval:
        """Parameters, multiply-accumulates and activations over the whole space."""
        if self.restrictions:
            return self.extent.cost
        if self.is_tied:
            from autorecon.graph import tied_cost

            return tied_cost.cost_interval(self.program)
        from autorecon.graph.cost import cost_interval

        return cost_interval(self.program, self.live_parts)

    @cached_property
    def valid_architectures(self) -> int | None:
        """How many architectures lead noise to the output within the rules and limits; None when
        too entangled to count."""
        if self.restrictions:
            return self.extent.valid
        if self.is_tied:
            from autorecon.graph import tied_cost

            return tied_cost.valid_architectures(self.program)
        from autorecon.graph.cost import all_choices, count

        choices = all_choices(self.program)
        return count(choices) if choices else None

    @cached_property
    def distinct_architectures(self) -> int | None:
        """How many different generators they derive to, once dead paths are left out; or None."""
        if self.restrictions:
            from autorecon.graph.restricted import distinct_architectures

            return distinct_architectures(self)
        if self.is_tied:
            return self.tied_parts.size if self.tied_parts else None
        from autorecon.graph.cost import count

        return count(self.live_parts) if self.live_parts else None

    @cached_property
    def architectures_up_to_symmetry(self) -> int | None:
        """The same when those that the space's symmetries take to each other count once."""
        from autorecon.graph.symmetry import architectures_up_to_symmetry

        return architectures_up_to_symmetry(self.program)

    @cached_property
    def paths(self) -> Paths:
        """How many ways lead from inputs to the output, and how long they are."""
        from autorecon.graph.paths import paths

        return paths(self.program)

    def expected_cost(self, probabilities: Mapping[str, Sequence[Any]]) -> Expectation | None:
        """Mean costs when each decision is drawn by itself, with probabilities by its name."""
        from autorecon.graph.expectation import expected_cost

        return expected_cost(self.program, probabilities)

    @cached_property
    def codec(self) -> Codec:
        """Picks <-> numbers, fast; `encode` documents both."""
        from autorecon.graph.encode import Codec

        return Codec(len(decision.options) for decision in self.decisions)

    @cached_property
    def restrictions(self) -> Restrictions | None:
        """Its rules and limits, to be asked of picks; None where it has none."""
        if not self.program.rules and not self.program.limits:
            return None
        from autorecon.graph.restrictions import Restrictions

        return Restrictions(self)

    @cached_property
    def extent(self) -> Extent:
        """What its rules and limits leave: how many architectures, and what these cost."""
        from autorecon.graph.restricted import extent

        return extent(self)

    @cached_property
    def liveness(self) -> Liveness:
        """What is live in an architecture, fast."""
        from autorecon.graph.canonical import Liveness

        return Liveness(self)

    @cached_property
    def reorderings(self) -> list[Picks]:
        """What each symmetry of the space does to picks; raises TooSymmetric."""
        from autorecon.graph.symmetry import reorderings

        return reorderings(self)

    @cached_property
    def fingerprint(self) -> str:
        """Five characters that the ids of this space's architectures begin with."""
        from autorecon.graph.encode import fingerprint

        return fingerprint(self)

    def genotype(self, picks: Picks) -> Space:
        """The genotype of these picks; its text is refused where they cut the image from noise."""
        from autorecon.graph.derive import genotype
        from autorecon.graph.encode import options

        return genotype(self, options(self, picks))

    def picks(self, genotype: Space) -> Picks:
        """What a genotype chose; ArchitectureError where it is of another space."""
        from autorecon.graph.encode import picks_of

        return picks_of(self, genotype)

    def encode(self, genotype: Space) -> int:
        """A genotype's number, 0 to |S| - 1; ArchitectureError where it is of another space."""
        return self.codec.encode(self.picks(genotype))

    def decode(self, number: int) -> Space:
        """The genotype of this number; ArchitectureError where there is none."""
        return self.genotype(self.codec.decode(number))

    def architecture_id(self, genotype: Space) -> str:
        """A short name, the same in every run: the space's fingerprint, the number and a check."""
        from autorecon.graph.encode import to_id

        return to_id(self, self.encode(genotype))

    def from_id(self, text: str) -> Space:
        """The genotype of an id; ArchitectureError for a typing error or another space's id."""
        from autorecon.graph.encode import from_id

        return self.decode(from_id(self, text))

    def canonical(self, genotype: Space, *, up_to_symmetry: bool = True) -> Space:
        """The same generator with all that is not live at `none` (else the first candidate) as far
        as rules allow, and of its symmetric forms the least. Raises ArchitectureError and
        TooSymmetric."""
        from autorecon.graph.canonical import canonical_picks

        canonical = canonical_picks(self, self.picks(genotype), up_to_symmetry=up_to_symmetry)
        if self.restrictions:
            from autorecon.graph.completion import completed

            canonical = completed(self, canonical)
        return self.genotype(canonical)

    def same(self, first: Space, second: Space, *, up_to_symmetry: bool = True) -> bool:
        """Whether two genotypes of this space derive to the same generator."""
        from autorecon.graph.canonical import canonical_picks

        one, other = (
            canonical_picks(self, self.picks(genotype), up_to_symmetry=up_to_symmetry)
            for genotype in (first, second)
        )
        return one == other


def load(path: str | Path, **parameters: int | float | bool) -> Space:
    """Read and check a `.space` or genotype file, or a shipped space by its name (`paper`).

    SpaceError lists everything that is wrong with it. `parameters` replace the defaults of the
    header, as `--set` does on the command line.
    """
    return proved(Space(load_program(find_space(path), parameters)))


def loads(text: str, name: str = "<text>", **parameters: int | float | bool) -> Space:
    """The same for a text."""
    return proved(Space(check(Source(text, name), parameters)))


def proved(space: Space) -> Space:
    """The same, with a warning for each void rule and limit; SpaceError for what cannot be."""
    if space.restrictions:
        from autorecon.graph.prove import prove

        space.program = attrs.evolve(space.program, warnings=prove(space))
    return space
