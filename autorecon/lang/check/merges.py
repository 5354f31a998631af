"""Merges: whether what the edges into a node bring can be merged as it says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import prod

import attrs

from autorecon.lang.check.gaps import report_gap
from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.elaborate.state import Elaboration
from autorecon.lang.operations.shapes import Label, Shape, ShapeFault, show_shape
from autorecon.lang.program.candidates import Pipeline
from autorecon.lang.program.edges import Edge
from autorecon.lang.program.merging import Merged
from autorecon.lang.program.nodes import Node
from autorecon.lang.source import Span


@attrs.frozen
class Part:
    """An edge, and what it brings, where that is known: by the shape of its node where a choice
    decides that, which is None elsewhere."""

    edge: Edge
    shapes: Mapping[Shape | None, Shape] | None

    @classmethod
    def of(cls, edge: Edge, candidates: Iterable[Pipeline | None]) -> Part:
        """As the first of the candidates to each shape has it."""
        shapes: dict[Shape | None, Shape] = {}
        for candidate in candidates:
            if candidate and candidate.steps:
                shapes.setdefault(candidate.ends[1], candidate.steps[-1].after)
        return cls(edge, shapes)


Parts = Mapping[str, Sequence[Part]]  # by node, in the order of the text


def fits(node: Node, shape: Shape, brought: Shape) -> bool:
    """Whether an edge may bring this to a node of so many channels; what a merge with a module
    takes, that knows of all edges."""
    traits = node.merge.traits
    if traits.stacks and brought[1:] == shape[1:]:
        return True
    return not traits.plain or brought == shape


def check_part(edge: Edge, candidates: Iterable[Pipeline | None], program: Elaboration) -> bool:
    """What is merged as a whole has one shape only if each edge brings the same whatever is chosen.

    Where there are rules, they may keep an edge from being `none`. False after reporting several.
    """
    node = program.nodes[edge.target]
    if node.merge.traits.partial:
        return True
    if edge.none is not None and not program.rules:
        report_gap(edge, node.merge, True, program.faults)
        return True
    brought: dict[Shape | None, set[Shape]] = defaultdict(set)
    for candidate in candidates:
        if candidate and candidate.steps:
            brought[candidate.ends[1]].add(candidate.steps[-1].after)
    for end, shapes in brought.items():
        if len(shapes) > 1:
            _report_several(edge, end, shapes, program)
            return False
    return True


def _report_several(
    edge: Edge, end: Shape | None, shapes: Collection[Shape], program: Elaboration
) -> None:
    node, source = program.nodes[edge.target], program.nodes[edge.source]
    stacks = node.merge.traits.stacks
    each = sorted({shape[:1] if stacks else shape for shape in shapes})
    shown = " or ".join(map(show_shape, each))
    into = "channels into a concatenation" if stacks else f"into `merge {node.merge.text}`"
    message = f"{edge.text} brings {shown} {into}"
    help = "give all its candidates the same `out`"
    if source.sizes:
        message += f", as `{source.sizes.decision}` decides"
        help = "change it to one size on the edge, as `conv(1, out=16)` or a `linear` does"
        if node.merge.spec.parts and len(source.shape) == 1:
            help = "make the vector on the edge: `linear` without `out` has the length that is read"
    notes = _at(node, end, program)
    program.faults.report("E0405", message, edge.span, help, notes=notes)


def check_merges(parts: Parts, program: Elaboration) -> None:
    """Of nodes none of whose edges is missing; those with modules get shapes and costs. Where their
    sizes are decided, what they apply has them."""
    for name, given in parts.items():
        node = program.nodes[name]
        if any(not part.shapes for part in given) or not _as_many(node, given, program.faults):
            continue
        ends = dict.fromkeys(node.sizes.shapes) if node.sizes else (None,)
        found = {end: _merged(node, given, end, program) for end in ends}
        if node.merge.traits.plain or None in found.values():
            continue
        if node.sizes is None:
            program.nodes[name] = attrs.evolve(node, merged=found[None])
            continue
        for place, edge in enumerate(program.edges):
            if edge.source == name:
                candidates = (attrs.evolve(c, merged=found[c.ends[0]]) for c in edge.candidates)
                program.edges[place] = attrs.evolve(edge, candidates=tuple(candidates))


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
    node: Node, given: Sequence[Part], end: Shape | None, program: Elaboration
) -> Merged | None:
    """What it makes of one of its sizes, after reporting why it cannot."""
    shape, notes = end or node.shape, _at(node, end, program)
    shapes = tuple(part.shapes[end] for part in given if part.shapes and end in part.shapes)
    name = node.name.removesuffix(".merge")
    if len(shapes) < len(given):
        return None
    try:
        merged = node.merge.of(shapes, shape)
    except ShapeFault as fault:
        blamed = None if fault.part is None else given[fault.part].edge
        span, place = (blamed.span, blamed.text) if blamed else (node.span, name)
        message = f"{place}: {fault.message}"
        program.faults.report("E0405", message, span, fault.help, notes=notes)
        return None
    if merged.after == shape:
        return merged
    brought = " and ".join(map(show_shape, shapes))
    message = (
        f"`{node.merge.text}` makes {show_shape(merged.after)} of {brought}, "
        f"but `{name}` is {show_shape(shape)}"
    )
    help, span = shape_help(merged.after, shape), given[0].edge.span
    program.faults.report("E0402", message, span, help, node.merge.text, notes)
    return None


def _at(node: Node, end: Shape | None, program: Elaboration) -> tuple[tuple[str, Span | None], ...]:
    """Which option of a choice gives a node this shape."""
    if node.sizes is None or end is None:
        return ()
    decision = program.decisions[node.sizes.decision]
    option = decision.options[node.sizes.shapes.index(end)]
    return ((f"with `{decision.name} = {option}`", decision.span),)


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
