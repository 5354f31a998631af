"""How nodes merge: merges with their arguments, and what the checker found of them."""

from __future__ import annotations

import attrs

from autorecon.lang.operations.invocation import Invocation
from autorecon.lang.operations.merges import MERGES, MergeSpec, Shapes
from autorecon.lang.operations.shapes import Shape
from autorecon.lang.operations.traits import MergeTraits


@attrs.frozen
class Merging(Invocation):
    """One merge with all its arguments."""

    @property
    def spec(self) -> MergeSpec:
        return MERGES[self.name]

    @property
    def traits(self) -> MergeTraits:
        return self.spec.traits

    def wants(self, before: Shapes, source: Shape, target: Shape) -> Shape:
        """What open arguments of an edge make, of what the edges before it bring."""
        return self.spec.wants(self.args, before, source, target)

    def of(self, sources: Shapes, target: Shape) -> Merged:
        """The same of what edges bring to a node; raises ShapeFault."""
        after = self.spec.shape(self.args, sources, target)
        return Merged(self, sources, after, target, *self._cost(sources, target))

    def _cost(self, sources: Shapes, target: Shape) -> tuple[int, int]:
        if self.spec.plan is None:
            return self.spec.cost(self.args, sources, target)
        plan = self.spec.plan(self.args, sources, target)
        return plan.parameters, plan.macs


@attrs.frozen
class Merged:
    """A merge between the shapes around it, without the batch axis.

    `parameters` are its trainable ones, `macs` its multiply-accumulates a sample.
    """

    op: Merging
    sources: Shapes
    after: Shape
    target: Shape
    parameters: int
    macs: int


SUM = Merging("sum", ())
