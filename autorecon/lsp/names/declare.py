"""The names that statements declare, each in the scope that sees it."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from autorecon.lang import Span
from autorecon.lang.syntax import tree as s
from autorecon.lsp.names import symbols
from autorecon.lsp.names.symbols import Occurrence, Scope, Symbol


def word_span(name: s.Name) -> Span:
    """Where the name itself stands, without its index and what comes before a dot."""
    start = name.span.start
    if not name.index and not name.within:
        return name.span
    if name.within:
        start = name.span.source.text.index(name.text, name.within[-1].span.end)
    return Span(start, start + len(name.text), name.span.source)


@attrs.define
class Declarer:
    """Collects symbols, the places that declare them, and the scopes of bodies by statement."""

    occurrences: list[Occurrence] = attrs.field(factory=list)
    bodies: dict[int, Scope] = attrs.field(factory=dict)

    def header(self, header: s.SpaceHeader | s.GenotypeHeader | None, scope: Scope) -> None:
        for parameter in header.parameters if isinstance(header, s.SpaceHeader) else ():
            self._add(symbols.PARAMETER, parameter.name, scope, None, parameter)

    def statements(
        self, statements: Iterable[s.Statement], scope: Scope, home: Scope, owner: Symbol | None
    ) -> None:
        """`scope` sees values; nodes, instances and choices are seen by all of `home`, which is
        the file's or that of the block `owner`."""
        for statement in statements:
            self._statement(statement, scope, home, owner)

    def _statement(
        self, statement: s.Statement, scope: Scope, home: Scope, owner: Symbol | None
    ) -> None:
        match statement:
            case s.Let():
                self._add(symbols.VALUE, statement.name, scope, owner, statement)
            case s.EdgeType():
                self._add(symbols.EDGE_TYPE, statement.name, home, owner, statement)
            case s.Choice():
                self._add(symbols.CHOICE, statement.name, home, owner, statement)
            case s.OpDef():
                found = self._add(symbols.OPERATION, statement.name, home, owner, statement)
                self._parameters(found, statement, scope)
            case s.BlockDef():
                found = self._add(symbols.BLOCK, statement.name, home, owner, statement)
                inner = self._parameters(found, statement, scope)
                self.statements(statement.items, inner, inner, found)
            case s.NodeDecl():
                for name in statement.names:
                    self._add(symbols.NODE, name, home, owner, statement)
            case s.InputDecl():
                for name in statement.names:
                    self._add(symbols.NODE, name, home, owner, statement)
            case s.Instance():
                found = self._add(symbols.INSTANCE, statement.name, home, owner, statement)
                found.blocks.append(statement.block.text)
            case s.For():
                inner = self.bodies[id(statement)] = Scope(scope)
                self._add(symbols.VALUE, statement.name, inner, owner, statement)
                self.statements(statement.items, inner, home, owner)
            case s.If():
                for _, items in statement.branches:
                    self.statements(items, scope, home, owner)
                self.statements(statement.otherwise, scope, home, owner)

    def _parameters(self, symbol: Symbol, statement: s.OpDef | s.BlockDef, scope: Scope) -> Scope:
        inner = self.bodies[id(statement)] = Scope(scope)
        symbol.members = symbol.members or inner
        for parameter in statement.parameters:
            self._add(symbols.PARAMETER, parameter.name, inner, symbol, parameter)
        return inner

    def _add(
        self, kind: str, name: s.Name, scope: Scope, home: Symbol | None, statement: object
    ) -> Symbol:
        symbol = scope.add(Symbol(kind, name.text, home, statement))
        span = word_span(name)
        symbol.declared.append(span)
        self.occurrences.append(Occurrence(span, symbol, True))
        return symbol
