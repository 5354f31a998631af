"""Merges: whether what the edges into a node bring can be merged as it says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import prod

import attrs

from autorecon.lang.check.gaps import report_gap
from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.elaborate.state import Elaboration
from autorecon.lang.operations.shapes import Label, Shape, ShapeFault, show_shape
from autorecon.lang.program.edges import Edge
from autorecon.lang.program.merging import Merged
from autorecon.lang.program.nodes import Node


@attrs.frozen
class Part:
    """An edge, and what it brings, where that is known."""

    edge: Edge
    shape: Shape | None


Parts = Mapping[str, Sequence[Part]]  # by node, in the order of the text


def fits(node: Node, shape: Shape, brought: Shape) -> bool:
    """Whether an edge may bring this to a node of so many channels; what a merge with a module
    takes, that knows of all edges."""
    traits = node.merge.traits
    if traits.stacks and brought[1:] == shape[1:]:
        return True
    return not traits.plain or brought == shape


def check_part(edge: Edge, shapes: Collection[Shape], program: Elaboration) -> None:
    """What is merged as a whole has one shape only if each edge brings the same whatever is chosen.

    Where there are rules, they may keep an edge from being `none`.
    """
    node = program.nodes[edge.target]
    if node.merge.traits.partial:
        return
    if edge.none is not None and not program.rules:
        report_gap(edge, node.merge, True, program.faults)
    elif len(set(shapes)) > 1:
        stacks = node.merge.traits.stacks
        each = sorted({shape[:1] if stacks else shape for shape in shapes})
        shown = " or ".join(map(show_shape, each))
        into = "channels into a concatenation" if stacks else f"into `merge {node.merge.text}`"
        message = f"{edge.text} brings {shown} {into}"
        program.faults.report("E0405", message, edge.span, "give all its candidates the same `out`")


def check_merges(parts: Parts, program: Elaboration) -> None:
    """Of nodes none of whose edges is missing; those with modules get shapes and costs."""
    for name, given in parts.items():
        node = program.nodes[name]
        shapes = tuple(part.shape for part in given if part.shape)
        if len(shapes) < len(given) or not _as_many(node, given, program.faults):
            continue
        merged = _merged(node, given, shapes, program.faults)
        if merged and not node.merge.traits.plain:
            program.nodes[name] = attrs.evolve(node, merged=merged)


def _as_many(node: Node, given: Sequence[Part], faults: Diagnostics) -> bool:
    """Whether as many edges lead to it as its merge reads."""
    parts = node.merge.spec.parts
    if not parts or len(parts) == len(given):
        return True
    message = f"`{node.name}` merges {len(parts)} edges by `{node.merge.text}`, not {len(given)}"
    shown = "; ".join(f"the {nth} brings {what}" for nth, what in zip(_NTH, parts, strict=False))
    notes = tuple((f"the {nth}", part.edge.span) for nth, part in zip(_NTH, given, strict=False))
    faults.report("E0405", message, node.span, f"in the order of the text {shown}", notes=notes)
    return False


_NTH = ("first", "second", "third", "fourth")


def _merged(
    node: Node, given: Sequence[Part], shapes: tuple[Shape, ...], faults: Diagnostics
) -> Merged | None:
    try:
        merged = node.merge.of(shapes, node.shape)
    except ShapeFault as fault:
        blamed = None if fault.part is None else given[fault.part].edge
        span, place = (blamed.span, blamed.text) if blamed else (node.span, node.name)
        faults.report("E0405", f"{place}: {fault.message}", span, fault.help)
        return None
    if merged.after == node.shape:
        return merged
    brought = " and ".join(map(show_shape, shapes))
    message = (
        f"`{node.merge.text}` makes {show_shape(merged.after)} of {brought}, "
        f"but `{node.name}` is {show_shape(node.shape)}"
    )
    help = shape_help(merged.after, node.shape)
    faults.report("E0402", message, given[0].edge.span, help, node.merge.text)
    return None


def shape_help(shape: Shape, target: Shape) -> str:
    """What makes another shape of one."""
    if isinstance(shape, Label) or len(shape) != len(target):
        if not isinstance(shape, Label) and prod(shape) == prod(target):
            return "`reshape` lays the same numbers out as the node has them"
        return "a `linear` without `out` computes whatever the node is"
    if len(shape) == 1:
        return "`linear` changes the length; without `out` to that of the node"
    if shape[0] != target[0]:
        return "a convolution changes the number of channels: `conv(1)`"
    return "`nearest` and `bilinear` change the resolution"
