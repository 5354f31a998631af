"""Shapes of every candidate on every edge, and contracts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import product

import attrs

from autorecon.lang.check.merges import Part, check_merges, check_part, fits, shape_help
from autorecon.lang.check.slices import check_slices
from autorecon.lang.check.uses import Use, check_uses
from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.elaborate.state import Elaboration
from autorecon.lang.operations.shapes import Shape, ShapeFault, show_shape
from autorecon.lang.program.candidates import Ends, Pipeline
from autorecon.lang.program.edges import Edge
from autorecon.lang.program.flow import edge_target
from autorecon.lang.program.nodes import Node
from autorecon.lang.program.sizes import told_apart
from autorecon.lang.source import Span


@attrs.frozen
class _List:
    """A list of candidates between two shapes; `written` is kept, so that its id stays its own."""

    written: tuple[Pipeline, ...]
    typed: tuple[Pipeline | None, ...]
    span: Span | None


_Known = dict[tuple, _List]


def check_edges(program: Elaboration, complete: bool) -> None:
    """Every edge and node by itself; sums over a node's edges only when none of them is missing.

    Sound edges and nodes get candidates with their shapes and costs.
    """
    seen: dict[tuple[str, str], Edge] = {}
    parts: dict[str, list[Part]] = defaultdict(list)
    known: _Known = {}
    for place, edge in enumerate(program.edges):
        first = seen.setdefault((edge.source, edge.target), edge)
        if first is not edge:
            help = "give one edge all candidates, or put a node between"
            message = f"a second edge `{edge.text}`"
            notes = (("the first is here", first.span),)
            program.faults.report("E0505", message, edge.span, help, notes=notes)
        before = parts[edge.target]
        if not _contract(edge, program) or not _is_known(edge, before, program):
            parts[edge.target].append(Part(edge, None))
            continue
        candidates = _candidates(edge, before, program, known)
        known_part = check_part(edge, candidates, program)
        parts[edge.target].append(Part.of(edge, candidates) if known_part else Part(edge, None))
        sound = tuple(c for c in candidates if c)
        if len(sound) == len(candidates):
            program.edges[place] = attrs.evolve(edge, candidates=sound)
    if complete:
        check_merges(parts, program)
    uses = [Use(c, each.span) for each in known.values() for c in each.typed if c]
    check_uses([*uses, *_thens(program)], program.faults)


def _is_known(edge: Edge, before: Sequence[Part], program: Elaboration) -> bool:
    """Whether no edge is faulty that it depends on."""
    depends = program.nodes[edge.target].merge.spec.parts
    return not depends or all(part.shapes for part in before)


def _wanted(edge: Edge, before: Sequence[Part], ends: Ends, program: Elaboration) -> Shape:
    """What it is to bring between shapes, of what the node's edges before it bring."""
    found = (part.shapes[ends[1]] for part in before if part.shapes and ends[1] in part.shapes)
    return edge_target(edge, program.nodes, tuple(found), ends)


def _thens(program: Elaboration) -> list[Use]:
    known: dict[tuple, Pipeline | None] = {}
    found = []
    for name, node in program.nodes.items():
        if node.then is None:
            continue
        # The nodes of one declaration share what they apply.
        key = id(node.then), node.shape
        if key not in known:
            program.count(len(node.then.ops), node.span)
            known[key] = typed = _then(node, node.then, program.faults)
            found += [Use(typed, node.span)] if typed else []
        program.nodes[name] = attrs.evolve(node, then=known[key] or node.then)
    return found


def _candidates(
    edge: Edge, before: Sequence[Part], program: Elaboration, known: _Known
) -> tuple[Pipeline | None, ...]:
    """What each candidate computes, None where it is faulty; those of an edge are typed with it."""
    source, target = program.nodes[edge.source], program.nodes[edge.target]
    # Edges of one list of candidates are mostly alike, and a mistake in the list is shown once.
    depends = {c.ends for c in edge.candidates} if target.merge.spec.parts else {(None, None)}
    wanted = tuple(_wanted(edge, before, ends, program) for ends in depends)
    key = id(edge.candidates), source.shape, wanted, target.shape, target.merge
    if key not in known:
        program.count(sum(len(c.ops) for c in edge.candidates), edge.span)
        typed = tuple(_typed(edge, c, before, program) for c in edge.candidates)
        known[key] = _List(edge.candidates, typed, edge.span)
        check_slices(edge, known[key].typed, program)
    return known[key].typed


def _typed(
    edge: Edge, candidate: Pipeline, before: Sequence[Part], program: Elaboration
) -> Pipeline | None:
    """The candidate between its shapes, after reporting it when the target's differs."""
    nodes = program.nodes[edge.source], program.nodes[edge.target]
    source, target = (end or node.shape for node, end in zip(nodes, candidate.ends, strict=True))
    wanted = _wanted(edge, before, candidate.ends, program)
    try:
        typed = candidate.between(source, wanted)
    except ShapeFault as fault:
        applied = edge.source == f"{edge.target}.merge"
        where = edge.target if applied else edge.text
        report = "E0401", f"{where}: {fault.message}", fault.help
    else:
        shape = typed.steps[-1].after if typed.steps else target
        if fits(nodes[1], target, shape):
            return typed
        message = (
            f"`{candidate.text}` makes {show_shape(source)} into {show_shape(shape)}, "
            f"but `{edge.written[1]}` is {show_shape(target)}"
        )
        report = "E0402", message, shape_help(shape, wanted)
    code, message, help = report
    if any((d.code, d.message, d.span) == (code, message, edge.span) for d in program.faults.found):
        return None  # of another combination of choices
    notes = _made_by(edge, candidate, program)
    program.faults.report(code, message, edge.span, help, candidate.text, notes)
    return None


def _made_by(
    edge: Edge, candidate: Pipeline, program: Elaboration
) -> tuple[tuple[str, Span | None], ...]:
    """Which options of choices with names make a candidate what it is."""
    named = [axis for axis in edge.axes if not program.decisions[axis].is_edge]
    if not named:
        return ()
    radices = (range(len(program.decisions[axis].options)) for axis in edge.axes)
    rows = zip(product(*radices), edge.table, strict=True)
    picks = next(p for p, index in rows if edge.candidates[index] == candidate)
    options = dict(zip(edge.axes, picks, strict=True))
    return tuple(
        (f"with `{axis} = {decision.options[options[axis]]}`", decision.span)
        for axis, decision in ((axis, program.decisions[axis]) for axis in named)
    )


def _then(node: Node, then: Pipeline, faults: Diagnostics) -> Pipeline | None:
    """What a node applies, with its shapes, after reporting what is wrong with it."""
    if then.is_none:
        help = "leave `then` out; `none` is a candidate of an edge"
        faults.report("E0302", f"`{node.name}` applies `none`", node.span, help)
        return None
    try:
        typed = then.between(node.shape, node.shape)
    except ShapeFault as fault:
        faults.report("E0401", f"{node.name}: {fault.message}", node.span, fault.help)
        return None
    shape = typed.steps[-1].after
    if shape == node.shape:
        return typed
    message = f"`then` makes {show_shape(node.shape)} into {show_shape(shape)}"
    help = "what a node applies keeps its shape; put it on an edge instead"
    faults.report("E0402", message, node.span, help)
    return None


def _contract(edge: Edge, program: Elaboration) -> bool:
    source, target = program.nodes[edge.source], program.nodes[edge.target]
    pairs = {
        (one.ends[0] or source.shape, one.ends[1] or target.shape)
        for one in edge.candidates
        if not one.is_none
    }
    shown = " -> ".join(told_apart(node.shape, node.sizes) for node in (source, target))
    problem = help = None
    if edge.contract == "keeps" and (source.shape, source.sizes) != (target.shape, target.sizes):
        problem = f"`{edge.type}` keeps the shape, but {edge.text} is {shown}"
        help = "use an edge type that `enlarges` or `bridges`, or make the shapes equal"
    elif edge.contract == "enlarges":
        within = edge.block is not None
        if not within:
            problem = f"`{edge.type}` enlarges within a block, but {edge.text} is outside of blocks"
            help = "leave the contract of the type out, or put the nodes into a block"
        elif not all(_grows(*pair) for pair in pairs or {(source.shape, target.shape)}):
            problem = f"`{edge.type}` enlarges within a block, but {edge.text} is {shown}"
            help = "height and width must grow by the same whole factor"
    elif edge.contract == "bridges" and not _adjacent(edge, program):
        problem = f"`{edge.type}` bridges adjacent blocks, but {edge.text} does not"
        help = "both ends lie in blocks, the second `after` the first"
    if problem:
        program.faults.report("E0403", problem, edge.span, help)
    return problem is None


def _grows(source: Shape, target: Shape) -> bool:
    if not len(source) == len(target) == 3:
        return False
    (_, h, w), (_, height, width) = source, target
    return height % h == 0 and width % w == 0 and height // h == width // w > 1


def _adjacent(edge: Edge, program: Elaboration) -> bool:
    first, second = (end.partition(".")[0] for end in edge.written)
    instance = program.instances.get(second)
    return instance is not None and first in instance.after
