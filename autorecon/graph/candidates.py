"""What each candidate of an edge does and costs by itself, step by step."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from autorecon.graph.cost import Interval
from autorecon.lang import Edge, Node, Op, Pipeline, Shape
from autorecon.lang.check_edges import edge_target


@attrs.frozen
class Step:
    """One operation between the shapes around it, without the batch axis."""

    op: Op
    before: Shape
    after: Shape
    parameters: int
    macs: int


@attrs.frozen
class Candidate:
    """A candidate with its trainable parameters and multiply-accumulates a sample.

    `none` has no steps and costs nothing.
    """

    pipeline: Pipeline
    steps: tuple[Step, ...]

    @property
    def parameters(self) -> int:
        return sum(step.parameters for step in self.steps)

    @property
    def macs(self) -> int:
        return sum(step.macs for step in self.steps)


def candidates_of(edge: Edge, nodes: Mapping[str, Node]) -> tuple[Candidate, ...]:
    """The edge's candidates in the order of the text."""
    source, target = nodes[edge.source].shape, edge_target(edge, nodes)
    return tuple(Candidate(p, _steps(p, source, target)) for p in edge.candidates)


def _steps(pipeline: Pipeline, source: Shape, target: Shape) -> tuple[Step, ...]:
    if pipeline.is_none:
        return ()
    shapes = pipeline.shapes(source, target)
    around = zip(pipeline.ops, shapes, shapes[1:], strict=False)
    return tuple(
        Step(op, before, after, *op.cost(before, after, target)) for op, before, after in around
    )


def cost_range(candidates: tuple[Candidate, ...]) -> tuple[Interval, Interval]:
    """Least and greatest parameters and multiply-accumulates among the candidates."""
    parameters = [c.parameters for c in candidates]
    macs = [c.macs for c in candidates]
    return Interval(min(parameters), max(parameters)), Interval(min(macs), max(macs))
