"""Inputs, nodes and the output."""

from __future__ import annotations

from collections.abc import Container, Sequence

import attrs

from autorecon.lang.diagnostics.edits import Fix
from autorecon.lang.elaborate.arguments import merging
from autorecon.lang.elaborate.declarations import report_twice
from autorecon.lang.elaborate.expressions import Decided, Scope
from autorecon.lang.elaborate.idle_resizes import idle_resize
from autorecon.lang.elaborate.sizes import report_of_two_kinds
from autorecon.lang.elaborate.state import MAX_NODES, Elaboration, TooLarge, Values
from autorecon.lang.operations.catalogue import OPERATIONS
from autorecon.lang.operations.foreign_names import merged_otherwise
from autorecon.lang.operations.merges import MERGES
from autorecon.lang.operations.shapes import Label, Shape, show_shape
from autorecon.lang.program.candidates import IDENTITY, Op, Pipeline
from autorecon.lang.program.edges import Edge
from autorecon.lang.program.merging import SUM, Merging
from autorecon.lang.program.nodes import INPUTS, Node
from autorecon.lang.program.sizes import Sizes, told_apart
from autorecon.lang.source import Span
from autorecon.lang.syntax import tree as s

_ITSELF = Op("identity", ())


def add_input(program: Elaboration, statement: s.InputDecl, scope: Scope) -> None:
    shape: Shape | None = None
    sizes = [program.size(size, scope, "a size") for size in statement.sizes]
    label = statement.kind.text == "label"
    if statement.kind.text not in INPUTS:
        message = f"unknown input kind `{statement.kind.text}`"
        program.faults.unknown("E0209", message, statement.kind.span, statement.kind.text, INPUTS)
    elif label and len(sizes) != 1:
        help = "write `input y: label(classes)`"
        program.faults.report("E0302", "a label has one number", statement.span, help)
    elif label:
        shape = None if sizes[0] is None else Label(sizes[0])
    else:
        span = statement.sizes[0].span.to(statement.sizes[-1].span)
        shape = _known_shape(program, sizes, span)
        _channels_first(program, shape, statement.sizes, statement.kind.text)
    for written in statement.names:
        if name := program.name(written, scope):
            _add(program, written, name, None, shape, statement.kind.text)


def add_nodes(
    program: Elaboration,
    statement: s.NodeDecl,
    scope: Values,
    block: str | None = None,
    bound: Container[str] = (),
) -> None:
    """The nodes of a declaration; `bound` ports are aliases of nodes that are there already."""
    shape, sizes = _shape(program, statement, scope)
    merge = _merge(program, statement.merge, scope) if statement.merge else SUM
    if merge is None:
        shape = None
    role = "output" if statement.kind == "output" else "inner"
    if sizes and (fixed := _fixed(role, merge, sizes)):
        help = "give it a number; an edge may change the size before it"
        if role == "inner":
            help += f". Or keep weights apart: `choice {sizes.choice} apart = ...`"
        program.faults.report("E0306", fixed, statement.shape_span, help)
        shape = None
    _channels_first(program, shape, statement.shape, role)
    then = _then(program, statement.then, scope) if statement.then else None
    for written in statement.names:
        name = program.name(written, scope)
        if name is None:
            continue
        full = f"{block}.{name}" if block else name
        if statement.kind == "in":
            program.entered.add(full)
        elif statement.kind == "out" and full in program.entered:
            _passed_on(program, statement, full, written, shape, sizes)
            continue
        if full in bound:
            _agree(program, full, written, shape, sizes)
        else:
            _add(program, written, full, block, shape, role, merge or SUM, then, sizes)


def _merge(program: Elaboration, call: s.Call, scope: Scope) -> Merging | None:
    name, span = call.name.text, call.name.span
    if name in MERGES:
        return merging(call, MERGES[name], scope, program.faults)
    if reason := merged_otherwise(name):
        program.faults.report("E0209", f"unknown merge `{name}`", span, reason)
    elif name in OPERATIONS:
        help = f"`{name}` reads one value: write it on an edge, or `then {name}`"
        program.faults.report("E0209", f"`{name}` is no merge", span, help)
    else:
        program.faults.unknown("E0209", f"unknown merge `{name}`", span, name, MERGES)
    return None


def _shape(
    program: Elaboration, statement: s.NodeDecl, scope: Scope
) -> tuple[Shape | None, Sizes | None]:
    """The largest that it may have, and what its first size may be where a choice decides it."""
    given = [program.decided_size(size, scope, "a size of a node") for size in statement.shape]
    decided = [size for size in given if isinstance(size, Decided)]
    if None in given or not decided:
        known = [None if isinstance(size, Decided) else size for size in given]
        return _known_shape(program, known, statement.shape_span), None
    if len(choices := dict.fromkeys(size.choice for size in decided)) > 1:
        message = f"two choices decide this node: `{'` and `'.join([*choices][:2])}`"
        help = "give its sizes to one choice alone"
        program.faults.report("E0306", message, statement.shape_span, help)
        return None, None
    count = len(decided[0].values)
    each = [size.values if isinstance(size, Decided) else (size,) * count for size in given]
    found = (_known_shape(program, [*one], statement.shape_span) for one in zip(*each, strict=True))
    shapes = tuple(shape for shape in found if shape is not None)
    if len(shapes) < count:
        return None, None
    sizes = Sizes(decided[0].choice, shapes, decided[0].apart)
    if not sizes.apart and not sizes.are_of_channels and len({*sizes.counts}) > 1:
        report_of_two_kinds(sizes, statement.shape_span, program)
        return None, None
    return sizes.most, sizes if len({*shapes}) > 1 else None


def _fixed(role: str, merge: Merging | None, sizes: Sizes) -> str | None:
    """Why the size of a node cannot be decided."""
    if role == "output":
        return "the size of the output is decided by a choice: images have one size"
    if merge is None or merge.traits.partial or sizes.apart:
        return None
    if merge.traits.stacks:
        return "the size of a concatenation is decided by a choice: it is that of its parts"
    return f"the size of a node that merges by `{merge.text}` is decided by a choice"


def _known_shape(program: Elaboration, sizes: list[int | None], span: Span) -> Shape | None:
    if len(sizes) not in (1, 3):
        help = "[length] is a vector, [channels, height, width] feature maps"
        program.faults.report("E0301", f"1 or 3 sizes make a shape, not {len(sizes)}", span, help)
        return None
    known = tuple(size for size in sizes if size is not None)
    return known if len(known) == len(sizes) else None


def _channels_first(
    program: Elaboration, shape: Shape | None, written: Sequence[s.Expr], role: str
) -> None:
    """Warns of maps that look like [height, width, channels]."""
    if shape is None or len(shape) != 3 or not shape[0] == shape[1] > shape[2]:
        return
    # Elsewhere than at the output, maps of width 1 may be sequences.
    if shape[2] in (3, 4) or (shape[2] == 1 and role == "output"):
        height, width, channels = (size.span.text for size in written)
        message = f"{show_shape(shape)} is {shape[0]} channels of {show_shape(shape[1:])}"
        help = f"channels come first: `[{channels}, {height}, {width}]`"
        span = written[0].span.to(written[-1].span)
        fixes = (Fix.of(span, f"{channels}, {height}, {width}"),)
        program.faults.report("W0401", message, span, help, fixes=fixes)


def _then(program: Elaboration, written: s.PipelineExpr, scope: Values) -> Pipeline | None:
    found = program.pipeline(written, scope)
    if found and (idle := idle_resize([found.ops], _ITSELF)):
        name = idle.resize.text
        message = f"this `{name}` does nothing: what a node applies keeps its sizes"
        program.faults.report("W0402", message, written.span, "resize on the edges into it", name)
    return found


def _passed_on(
    program: Elaboration,
    statement: s.NodeDecl,
    port: str,
    name: s.Name,
    shape: Shape | None,
    sizes: Sizes | None,
) -> None:
    """An `out` port that is an `in` port too: whatever that is bound to."""
    if statement.merge or statement.then:
        message = f"`{name.text}` is passed on as it comes in: it has no `merge` and no `then` here"
        help = "write these where it is declared as `in`, or give the `out` another name"
        program.faults.report("E0404", message, name.span, help)
    elif port in program.aliases:
        _agree(program, port, name, shape, sizes)
    elif (node := program.nodes.get(port)) and shape and (node.shape, node.sizes) != (shape, sizes):
        shown = [told_apart(*one) for one in ((node.shape, node.sizes), (shape, sizes))]
        message = f"`{port}` is {shown[0]} as `in` and {shown[1]} as `out`"
        help = "it is one node, which is passed on: give both the same sizes"
        program.faults.report("E0404", message, name.span, help)


def _agree(
    program: Elaboration, port: str, name: s.Name, shape: Shape | None, sizes: Sizes | None
) -> None:
    node = program.nodes.get(program.aliases.get(port, ""))
    if node and shape is not None and (node.shape, node.sizes) != (shape, sizes):
        message = (
            f"`{port}` is {told_apart(shape, sizes)}, but `{node.name}`, "
            f"which it is bound to, is {told_apart(node.shape, node.sizes)}"
        )
        help = "give both the same sizes; a bound port IS the node it is bound to"
        notes = (("the port is declared here", name.span),)
        instance = port.partition(".")[0]
        place = program.instances[instance].place
        program.faults.report("E0404", message, place, help, name.text, notes)
        # The whole instance may have the wrong sizes: more about it would be guessing.
        program.broken.add(instance)


def _add(
    program: Elaboration,
    written: s.Name,
    full: str,
    block: str | None,
    shape: Shape | None,
    role: str,
    merge: Merging = SUM,
    then: Pipeline | None = None,
    sizes: Sizes | None = None,
) -> None:
    # An instance has the names below its own, and so has what computes a node.
    taken = program.nodes, program.aliases, program.broken, program.instances
    if any(full in names for names in taken):
        report_twice(written, program.faults)
        program.broken.add(full)
    elif shape is None:
        program.broken.add(full)
    elif len(program.nodes) == MAX_NODES:
        raise TooLarge(f"{MAX_NODES:,} nodes", written.span)
    elif sizes or (then and then.choices):
        # What it merges is a node of its own, and what it applies an edge, so that one thing, an
        # edge, chooses. No name that one can write ends in a word of the language.
        entry, applied = f"{full}.merge", then or IDENTITY
        sizes = attrs.evolve(sizes, alone=not applied.choices) if sizes else None
        whole = Node(full, shape, role, block, span=written.span, sizes=sizes)
        program.nodes[entry] = attrs.evolve(whole, name=entry, role="inner", merge=merge)
        program.nodes[full] = whole
        program.entries[full] = entry
        ends = entry, full
        edge = Edge(entry, full, ends, "link", None, (applied,), block, span=written.span)
        program.edges.append(edge)
    else:
        node = Node(full, shape, role, block, merge, then, span=written.span)
        program.nodes[full] = node
