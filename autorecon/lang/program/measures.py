"""What architectures cost: each measure once, for all that compute, sum, limit and show it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import attrs

from autorecon.lang.operations.shapes import Shape, elements
from autorecon.lang.program.candidates import Pipeline
from autorecon.lang.program.nodes import Node

T = TypeVar("T")


@attrs.frozen
class ByMeasure(Generic[T]):
    """Something of each measure: numbers, or what they lie between.

    `parameters` are trainable ones; `macs` multiply-accumulates and `activations` numbers computed,
    each for one sample: each node's merged value, and what each operation but `identity` gives.
    """

    parameters: T
    macs: T
    activations: T


@attrs.frozen
class Measure:
    """`name` is a field of ByMeasure, and what a Pipeline has of it; `word` is for limits, `shown`
    for tables. `of_value` is what a node costs without what it applies. Edges that share weights
    have it once if it is `shared`, and else each."""

    name: str
    word: str
    shown: str
    of_value: Callable[[Shape], int] = lambda _: 0
    shared: bool = False


MEASURES = (
    Measure("parameters", "params", "weights", shared=True),
    Measure("macs", "macs", "MACs"),
    Measure("activations", "activations", "activations", of_value=elements),
)
NAMES = tuple(measure.name for measure in MEASURES)
FREE = (0,) * len(MEASURES)


def candidate_costs(candidate: Pipeline) -> tuple[int, ...]:
    """One number a measure."""
    return tuple(getattr(candidate, name) for name in NAMES)


def node_costs(node: Node) -> tuple[int, ...]:
    """The same of a node, with what it applies."""
    applied = candidate_costs(node.then) if node.then else FREE
    pairs = zip(MEASURES, applied, strict=True)
    return tuple(measure.of_value(node.shape) + cost for measure, cost in pairs)
