"""Edges between nodes whose sizes are decided: they depend on these decisions, too."""

from __future__ import annotations

from itertools import product
from math import prod

import attrs

from autorecon.lang.elaborate.state import Elaboration, TooLarge
from autorecon.lang.operations.shapes import Shape, elements
from autorecon.lang.program.candidates import Pipeline
from autorecon.lang.program.edges import Edge
from autorecon.lang.program.nodes import Node
from autorecon.lang.program.sizes import Sizes
from autorecon.lang.source import Span

MAX_COMBINATIONS = 4_096  # of the options of what an edge depends on
_OVERHEAD = 64  # what one costs, as characters to carry out


# What edges with the same candidates between the same sizes are: candidates, and a table of them.
Known = dict[tuple, tuple[tuple[Pipeline, ...], tuple[int, ...]]]


def between_sizes(edge: Edge, program: Elaboration, known: Known) -> Edge:
    """The edge, a candidate of which is another one between other sizes.

    What sizes depend on are the last of its axes.
    """
    nodes = [program.nodes[name] for name in (edge.source, edge.target)]
    sizes = {n.sizes.decision: len(n.sizes.counts) for n in nodes if n.sizes}
    if not sizes:
        return edge
    radices = {axis: count for axis, count in sizes.items() if axis not in edge.axes}
    combinations = len(edge.table) * prod(radices.values())
    if combinations > MAX_COMBINATIONS:
        raise TooLarge(f"{MAX_COMBINATIONS:,} combinations of choices on an edge", edge.span)
    applied = nodes[1].shape if edge.source == f"{edge.target}.merge" else None
    named = [axis for axis in edge.axes if axis in sizes]
    key = id(edge.candidates), edge.table, *named, *(node.sizes for node in nodes), applied
    if key not in known:
        program.spend(_OVERHEAD * combinations, edge.span)
        known[key] = _placed(edge, nodes, radices, _counts(edge, program))
    program.spend(combinations, edge.span)
    candidates, table = known[key]
    return attrs.evolve(edge, candidates=candidates, axes=(*edge.axes, *radices), table=table)


def report_of_two_kinds(sizes: Sizes, span: Span | None, program: Elaboration) -> None:
    """Weights of channels can be slices, and those of resolutions are the same."""
    message = f"`{sizes.choice}` decides channels and resolutions"
    help = f"keep its weights apart, `choice {sizes.choice} apart = ...`, or decide these by two"
    program.faults.report("E0306", message, span, help)


def _placed(
    edge: Edge, nodes: list[Node], radices: dict[str, int], counts: list[int]
) -> tuple[tuple[Pipeline, ...], tuple[int, ...]]:
    found: dict[Pipeline, int] = {}
    table, axes = [], (*edge.axes, *radices)
    rows = zip(product(*map(range, counts)), edge.table, strict=True)
    for (own, index), picks in product(rows, product(*map(range, radices.values()))):
        chosen = dict(zip(axes, (*own, *picks), strict=True))
        between = _between(edge.candidates[index], nodes, chosen)
        table.append(found.setdefault(between, len(found)))
    return tuple(found), tuple(table)


def _counts(edge: Edge, program: Elaboration) -> list[int]:
    """How many options each of its axes has; the edge's own is the first, if it has any."""
    named = [len(program.choices[a].options) for a in edge.axes if a in program.choices]
    own = [len(edge.table) // prod(named)] if len(named) < len(edge.axes) else []
    return [*own, *named]


def _between(candidate: Pipeline, nodes: list[Node], chosen: dict[str, int]) -> Pipeline:
    if candidate.is_none:
        return candidate
    source, target = (_shape(node.sizes, chosen) for node in nodes)
    value = 0
    if nodes[0].name == f"{nodes[1].name}.merge":
        # What it applies shows the size of what is merged, too; of two nodes, of both.
        alone = nodes[1].sizes is None or nodes[1].sizes.alone
        value = (2 - alone) * elements(target or nodes[1].shape)
    return attrs.evolve(candidate, ends=(source, target), value=value)


def _shape(sizes: Sizes | None, chosen: dict[str, int]) -> Shape | None:
    return sizes.shapes[chosen[sizes.decision]] if sizes else None
