"""What a file declares by name before anything is elaborated: operations, edge types, blocks."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.elaborate.expressions import UNKNOWN, Scope, Unknown, evaluate, whole
from autorecon.lang.operations.catalogue import MAX_SIZE, OPERATIONS, LabelInput
from autorecon.lang.source import Span
from autorecon.lang.syntax import tree as s


@attrs.frozen
class Declarations:
    ops: dict[str, s.OpDef] = attrs.field(factory=dict)
    edge_types: dict[str, s.EdgeType] = attrs.field(factory=dict)
    blocks: dict[str, s.BlockDef] = attrs.field(factory=dict)
    # Choices by their names without index, of the file (None) and of each block.
    choices: dict[str | None, set[str]] = attrs.field(factory=dict)


def declare(statements: Sequence[s.Statement], faults: Diagnostics) -> Declarations:
    """The declarations of a file, after reporting names that are taken (E0206)."""
    declared = Declarations()
    for statement in statements:
        match statement:
            case s.OpDef():
                _add(statement, declared.ops, OPERATIONS, faults)
                _once((p.name for p in statement.parameters), faults)
            case s.EdgeType():
                _add(statement, declared.edge_types, ("link",), faults)
            case s.BlockDef():
                _add(statement, declared.blocks, (), faults)
                _once((p.name for p in statement.parameters), faults)
                _nodes(statement, faults)
    _choices(statements, declared, faults)
    return declared


def _choices(
    statements: Iterable[s.Statement], declared: Declarations, faults: Diagnostics
) -> None:
    """The choices of the file and of its blocks: pipelines above them may name them."""
    own = list(_choice_names(statements))
    declared.choices[None] = {name.text for name in own}
    _free(own, {*OPERATIONS, *declared.ops}, faults)
    for name, block in declared.blocks.items():
        inner = list(_choice_names(block.items))
        declared.choices[name] = {choice.text for choice in inner}
        _free(inner, {*OPERATIONS, *declared.ops, *declared.choices[None]}, faults)


def _choice_names(statements: Iterable[s.Statement]) -> Iterator[s.Name]:
    for statement in statements:
        match statement:
            case s.Choice():
                yield statement.name
            case s.For():
                yield from _choice_names(statement.items)
            case s.If():
                for _, items in statement.branches:
                    yield from _choice_names(items)
                yield from _choice_names(statement.otherwise)


def _free(names: Iterable[s.Name], taken: Container[str], faults: Diagnostics) -> None:
    for name in names:
        if name.text in taken:
            message = f"`{name.text}` is the name of an operation or choice already"
            faults.report("E0206", message, name.span, "choose another name")


def label_inputs(
    statements: Iterable[s.Statement], parameters: Scope
) -> dict[str, LabelInput | Unknown]:
    """The label inputs of a file before its statements run; UNKNOWN where one is not sound.

    Nothing is reported: the statements themselves are, when they run.
    """
    unheard = Diagnostics()
    scope: dict[str, Any] = dict(parameters)
    found: dict[str, LabelInput | Unknown] = {}
    for statement in statements:
        match statement:
            case s.Let():
                scope[statement.name.text] = evaluate(statement.value, scope, unheard)
            case s.InputDecl() if statement.kind.text == "label":
                sizes = [whole(e, scope, unheard, "", 1, MAX_SIZE) for e in statement.sizes]
                classes = sizes[0] if len(sizes) == 1 else None
                for name in (name.text for name in statement.names):
                    found[name] = LabelInput(name, classes) if classes else UNKNOWN
    return found


def report_twice(name: s.Name, faults: Diagnostics) -> None:
    faults.report("E0206", f"`{name.text}` is declared twice", name.span, "rename one")


def report_loop(loop: Mapping[str, Span], help: str, faults: Diagnostics) -> None:
    """One fault for all that is made of itself, wherever that was entered: at what comes first."""
    first = min(loop, key=lambda name: loop[name].start)
    how = "made of" if first.startswith("choice") else "defined by"
    faults.report("E0302", f"`{first}` is {how} itself", loop[first], help)


def _add(
    statement: s.OpDef | s.EdgeType | s.BlockDef,
    table: dict[str, Any],
    reserved: Container[str],
    faults: Diagnostics,
) -> None:
    name = statement.name
    if name.text in reserved:
        message = f"`{name.text}` is built into the language"
        faults.report("E0206", message, name.span, "choose another name")
    elif name.text in table:
        report_twice(name, faults)
    else:
        table[name.text] = statement


def _nodes(block: s.BlockDef, faults: Diagnostics) -> None:
    nodes = [item for item in block.items if isinstance(item, s.NodeDecl)]
    names = [(item.kind, name) for item in nodes for name in item.names if not name.index]
    # An `in` port may be an `out` port as well, below.
    entered = {name.text for kind, name in names if kind == "in"}
    _once((n for kind, n in names if kind != "out" or n.text not in entered), faults)
    _once((name for kind, name in names if kind == "out"), faults)


def _once(names: Iterable[s.Name], faults: Diagnostics) -> None:
    seen: set[str] = set()
    for name in names:
        if name.text in seen:
            report_twice(name, faults)
        seen.add(name.text)
