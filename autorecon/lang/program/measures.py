"""What architectures cost: each measure once, for all that compute, sum, limit and show it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import attrs

from autorecon.lang.operations.shapes import elements
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


def learned(node: Node) -> int:
    """The weights that a node is itself, or merges with."""
    if node.merged:
        return node.merged.parameters
    return elements(node.shape) if node.role == "param" else 0


def multiplied(node: Node) -> int:
    """The multiply-accumulates of its merge."""
    return node.merged.macs if node.merged else 0


@attrs.frozen
class Measure:
    """`name` is a field of ByMeasure, and what a Pipeline has of it; `word` is for limits, `shown`
    for tables. `of_value` is what a node costs without what it applies, as one that is learned.
    Edges that share weights have it once if it is `shared`, and else each."""

    name: str
    word: str
    shown: str
    of_value: Callable[[Node], int] = lambda _: 0
    shared: bool = False


MEASURES = (
    Measure("parameters", "params", "weights", of_value=learned, shared=True),
    Measure("macs", "macs", "MACs", of_value=multiplied),
    # Of sizes that are decided, the edge that decides them counts the value.
    Measure(
        "activations",
        "activations",
        "activations",
        of_value=lambda n: 0 if n.sizes else elements(n.shape),
    ),
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
    return tuple(measure.of_value(node) + cost for measure, cost in pairs)
