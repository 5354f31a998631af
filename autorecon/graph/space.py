"""A space as users hold it: each of its outputs asks for its phase, and the phase runs once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from autorecon.graph.architectures import ids as encode
from autorecon.graph.architectures import symmetry
from autorecon.graph.architectures.architectures import Architectures
from autorecon.graph.architectures.codec import Picks
from autorecon.graph.architectures.liveness import (
    Liveness,
    canonical_picks,
    liveness,
    restrictions,
)
from autorecon.graph.architectures.restrictions import Restrictions
from autorecon.graph.counting import expected_cost as expectation
from autorecon.graph.counting.cost import CostInterval
from autorecon.graph.counting.decision_diagram import Diagram
from autorecon.graph.counting.expected_cost import Expectation
from autorecon.graph.counting.paths import Paths, paths
from autorecon.graph.dag.build import build_graph
from autorecon.graph.unfolded import unfolded
from autorecon.graph.valid import derive, extent, required
from autorecon.graph.valid.completion import completed
from autorecon.graph.valid.prove import prove
from autorecon.graph.widest import widest
from autorecon.lang import Source, check, find_space, load_program
from autorecon.lang.check.cuts import counterexample_within_rules
from autorecon.lang.program.flow import live_nodes
from autorecon.lazy import upward

if TYPE_CHECKING:
    import networkx


class Space(Architectures):
    """A checked space: a search space, a genotype or a human-designed generator (a space of size
    1).

    Two spaces are equal when their programs are: same nodes, edges, candidates and parameters.
    """

    def __repr__(self) -> str:
        kind = "genotype" if self.program.of else "space"
        return f"<{kind} {self.name}: {len(self.nodes)} nodes, {len(self.edges)} edges>"

    def _repr_svg_(self) -> str | None:
        """What a notebook shows: the drawing, or None where it cannot be made."""
        found: str | None = upward("autorecon.graph.draw.render", "shown")(self)
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Space) and self.program == other.program

    def __hash__(self) -> int:
        return hash((self.name, self.edges))

    @property
    def text(self) -> str:
        """The source text, exactly as it was read."""
        return self.program.source.text

    @cached_property
    def widest(self) -> Space:
        """The space as its text has it, where choices decide sizes: see `graph.widest`."""
        found = widest(self.program)
        return self if found is self.program else Space(found)

    @cached_property
    def unfolded(self) -> Space:
        """The space as nets are made of it, where choices decide sizes: see `graph.unfolded`."""
        found = unfolded(self.program)
        return self if found is self.program else Space(found)

    @cached_property
    def edges_by_type(self) -> dict[str, int]:
        return dict(Counter(edge.type for edge in self.widest.edges))

    @cached_property
    def live(self) -> frozenset[str]:
        """Nodes on a path from an input to the output over edges that can be other than `none`."""
        return frozenset(live_nodes(self.nodes, (e for e in self.edges if not e.is_cut)))

    @cached_property
    def counterexample(self) -> tuple[str, ...]:
        """Lines of a genotype that cut the output from the noise, as few as rules allow to tell;
        empty where no architecture does, or where ties or rules are too entangled to tell."""
        return counterexample_within_rules(self.program)

    def requiring(self, role: str) -> Space:
        """The same with those architectures alone in which an input of this role, as "label",
        leads to the output, or a live norm reads one; itself where that is so in all.

        Raises ArchitectureError where it is so in none, which says of a genotype what cuts it.
        """
        found = required.requiring(self, role)
        return self if found is self.program else Space(found)

    @cached_property
    def graph(self) -> networkx.MultiDiGraph:
        """The DAG; attributes as `build_graph` documents them."""
        return build_graph(self.program)

    @cached_property
    def live_parts(self) -> Diagram | None:
        """All different generators that the space holds, as one diagram; None where it is
        too entangled."""
        return extent.live_parts(self)

    @cached_property
    def cost(self) -> CostInterval:
        """Parameters, multiply-accumulates and activations over the whole space."""
        return extent.cost_interval(self)

    @cached_property
    def valid_architectures(self) -> int | None:
        """How many architectures lead noise, and what else is required, to the output within the
        rules and limits; None when too entangled to count."""
        return extent.valid_architectures(self)

    @cached_property
    def distinct_architectures(self) -> int | None:
        """How many different generators they derive to, once dead paths are left out; or None."""
        return extent.distinct_architectures(self)

    @cached_property
    def architectures_up_to_symmetry(self) -> int | None:
        """The same when those that the space's symmetries take to each other count once."""
        return symmetry.architectures_up_to_symmetry(self.program)

    @cached_property
    def paths(self) -> Paths:
        """How many ways lead from inputs to the output, and how long they are."""
        return paths(self.widest.program)

    def expected_cost(self, probabilities: Mapping[str, Sequence[Any]]) -> Expectation | None:
        """Mean costs when each decision is drawn by itself, with probabilities by its name."""
        return expectation.expected_cost(self.program, extent.all_choices(self), probabilities)

    @cached_property
    def restrictions(self) -> Restrictions | None:
        """Its rules and limits, to be asked of picks; None where nothing is restricted."""
        return restrictions(self)

    @cached_property
    def liveness(self) -> Liveness:
        """What is live in an architecture, fast."""
        return liveness(self)

    @cached_property
    def reorderings(self) -> list[Picks]:
        """What each symmetry of the space does to picks; raises TooSymmetric."""
        return symmetry.reorderings(self)

    @cached_property
    def fingerprint(self) -> str:
        """Five characters that the ids of this space's architectures begin with."""
        return encode.fingerprint(self)

    def genotype(self, picks: Picks) -> Space:
        """The genotype of these picks; its text is refused where they cut the image from noise."""
        return genotype(self, encode.options(self, picks))

    def picks(self, genotype: Space) -> Picks:
        """What a genotype chose; ArchitectureError where it is of another space."""
        return encode.picks_of(self, genotype)

    def encode(self, genotype: Space) -> int:
        """A genotype's number, 0 to |S| - 1; ArchitectureError where it is of another space."""
        return self.codec.encode(self.picks(genotype))

    def decode(self, number: int) -> Space:
        """The genotype of this number; ArchitectureError where there is none."""
        return self.genotype(self.codec.decode(number))

    def architecture_id(self, genotype: Space) -> str:
        """A short name, the same in every run: the space's fingerprint, the number and a check."""
        return encode.to_id(self, self.encode(genotype))

    def from_id(self, text: str) -> Space:
        """The genotype of an id; ArchitectureError for a typing error or another space's id."""
        return self.decode(encode.from_id(self, text))

    def canonical(self, genotype: Space, *, up_to_symmetry: bool = True) -> Space:
        """The same generator with all that is not live at `none` (else the first candidate) as far
        as rules allow, and of its symmetric forms the least. Raises ArchitectureError and
        TooSymmetric."""
        canonical = canonical_picks(self, self.picks(genotype), up_to_symmetry=up_to_symmetry)
        if self.restrictions:
            canonical = completed(self, canonical)
        return self.genotype(canonical)

    def same(self, first: Space, second: Space, *, up_to_symmetry: bool = True) -> bool:
        """Whether two genotypes of this space derive to the same generator."""
        one, other = (
            canonical_picks(self, self.picks(genotype), up_to_symmetry=up_to_symmetry)
            for genotype in (first, second)
        )
        return one == other


def genotype(space: Space, choices: Mapping[str, str], *, of: str | None = None) -> Space:
    """The genotype of `space` that these options (by decision) make, with its text.

    `of` is how the text names the space's file; by default the name of the file that it was read
    from. ArchitectureError where an option is missing or unknown, or a rule or limit is broken.
    """
    return Space(derive.derived(space, choices, of))


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
        space.program = attrs.evolve(space.program, warnings=prove(space))
    return space
