"""What a file declares, block by block, and what can be folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lsprotocol import types

from autorecon.lang.syntax import tree as s
from autorecon.lsp.positions import Positions
from autorecon.lsp.view import View

_Kind = types.SymbolKind


def symbols(view: View, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    positions = view.document.positions
    return list(_symbols(view.document.recovered.statements, positions))


def _symbols(statements: Sequence, at: Positions) -> Iterator[types.DocumentSymbol]:
    for statement in statements:
        match statement:
            case s.SpaceHeader() | s.GenotypeHeader():
                yield _symbol(statement.name, _Kind.Module, statement, at, "")
                for parameter in getattr(statement, "parameters", ()):
                    yield _symbol(parameter.name, _Kind.TypeParameter, parameter, at, "parameter")
            case s.Let():
                yield _symbol(statement.name, _Kind.Constant, statement, at, "")
            case s.EdgeType():
                contract = statement.contract.text if statement.contract else ""
                yield _symbol(statement.name, _Kind.Interface, statement, at, contract)
            case s.OpDef():
                yield _symbol(statement.name, _Kind.Function, statement, at, "")
            case s.BlockDef():
                found = _symbol(statement.name, _Kind.Class, statement, at, "")
                found.children = list(_symbols(statement.items, at))
                yield found
            case s.NodeDecl():
                for name in statement.names:
                    detail = f"{statement.kind} {statement.shape_span.text}"
                    yield _symbol(name, _Kind.Variable, statement, at, detail)
            case s.InputDecl():
                for name in statement.names:
                    yield _symbol(name, _Kind.Field, statement, at, statement.kind.text)
            case s.Instance():
                yield _symbol(statement.name, _Kind.Object, statement, at, statement.block.text)
            case s.Choice():
                yield _symbol(statement.name, _Kind.Enum, statement, at, "choice")
            case s.For():
                yield from _symbols(statement.items, at)
            case s.If():
                for _, items in statement.branches:
                    yield from _symbols(items, at)
                yield from _symbols(statement.otherwise, at)


def _symbol(
    name: s.Name, kind: types.SymbolKind, statement: Any, at: Positions, detail: str
) -> types.DocumentSymbol:
    # What is selected lies within the whole, as the protocol demands.
    whole = at.range(min(statement.span.start, name.span.start), statement.span.end)
    return types.DocumentSymbol(name.text, kind, whole, at.span(name.span), detail or None)


def folding(view: View, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    """Bodies and brackets over several lines, and comments of several lines."""
    document, opened = view.document, []
    found: set[tuple[int, int, types.FoldingRangeKind | None]] = set()
    for token in document.recovered.tokens:
        if document.text[token.start_pos : token.end_pos] != token:
            continue  # mended: the text has no such bracket
        if token in ("{", "(", "["):
            opened.append(token)
        elif token in ("}", ")", "]") and opened:
            start = document.positions.position(opened.pop().start_pos).line
            found.add((start, document.positions.position(token.start_pos).line - 1, None))
    found |= {(*lines, types.FoldingRangeKind.Comment) for lines in _comments(view)}
    ranges = sorted((f for f in found if f[0] < f[1]), key=lambda f: f[:2])
    return [types.FoldingRange(start, end, kind=kind) for start, end, kind in ranges]


def _comments(view: View) -> list[tuple[int, int]]:
    """First and last lines of comments that have their lines to themselves."""
    found: list[tuple[int, int]] = []
    for span in view.document.recovered.comments:
        place = view.document.positions.position(span.start)
        before = span.source.text[span.start - place.character : span.start]
        if before.strip():
            continue
        if found and found[-1][1] == place.line - 1:
            found[-1] = found[-1][0], place.line
        else:
            found.append((place.line, place.line))
    return found
