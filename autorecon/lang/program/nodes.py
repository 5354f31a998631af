"""Nodes: feature maps, inputs and the image."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from autorecon.lang.operations.shapes import Shape
from autorecon.lang.program.candidates import Pipeline
from autorecon.lang.program.merging import SUM, Merged, Merging
from autorecon.lang.program.sizes import Sizes
from autorecon.lang.source import Span

# What inputs are: noise, a class, or a value that is learned and the same for each sample.
INPUTS = ("noise", "label", "param")


@attrs.frozen
class Node:
    """A feature map, an input or the image. `aliases` are bound ports: B2.n1 of B1.n5.

    Where `sizes` are decided, `shape` has the largest; in a genotype, the one that is chosen.
    Of a checked program's merge that has a module, `merged` says what it makes of what it reads.
    """

    name: str
    shape: Shape
    role: str  # one of INPUTS, "inner" or "output"
    block: str | None = None
    merge: Merging = SUM
    then: Pipeline | None = None
    aliases: tuple[str, ...] = ()
    sizes: Sizes | None = None
    weights_of: str | None = None  # the node whose modules it shares
    span: Span | None = attrs.field(default=None, eq=False, repr=False)
    merged: Merged | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def is_input(self) -> bool:
        return self.role in INPUTS

    def sized(self, picks: Mapping[str, int]) -> Node:
        """The same with the size that these options, by decision, give it."""
        if self.sizes is None:
            return self
        return attrs.evolve(self, shape=self.sizes.shapes[picks[self.sizes.decision]])
