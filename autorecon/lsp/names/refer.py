"""The places where statements use names, and the symbols that these stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from autorecon.lang import Span
from autorecon.lang.elaborate.functions import FUNCTIONS
from autorecon.lang.operations.catalogue import OPERATIONS
from autorecon.lang.syntax import tree as s
from autorecon.lsp.names import symbols
from autorecon.lsp.names.declare import word_span
from autorecon.lsp.names.symbols import Occurrence, Scope, Symbol


@attrs.define
class Referrer:
    """Collects occurrences; a name that nothing declares has none."""

    bodies: Mapping[int, Scope]
    is_genotype: bool
    occurrences: list[Occurrence] = attrs.field(factory=list)
    built_in: dict[tuple[str, str], Symbol] = attrs.field(factory=dict)

    def header(
        self, header: s.SpaceHeader | s.GenotypeHeader | None, scope: Scope, base: Scope | None
    ) -> None:
        match header:
            case s.SpaceHeader():
                self._signature(header.parameters, scope)
            case s.GenotypeHeader() if base:
                self._arguments(header.arguments, base, scope)

    def statements(self, statements: Iterable[s.Statement], scope: Scope, home: Scope) -> None:
        for statement in statements:
            self._statement(statement, scope, home)

    def _statement(self, statement: s.Statement, scope: Scope, home: Scope) -> None:
        match statement:
            case s.Let():
                self._value(statement.value, scope)
            case s.EdgeType():
                self._word(statement.contract)
                self._candidates(statement.candidates, scope)
            case s.Choice():
                self._index(statement.name, scope)
                self._word(statement.weights)
                self._options(statement.options, scope)
            case s.OpDef():
                inner = self.bodies[id(statement)]
                self._signature(statement.parameters, inner)
                self._candidates(statement.pipeline, inner)
            case s.BlockDef():
                inner = self.bodies[id(statement)]
                self._signature(statement.parameters, inner)
                self.statements(statement.items, inner, inner)
            case s.NodeDecl():
                self._node(statement, scope)
            case s.InputDecl():
                for name in statement.names:
                    self._index(name, scope)
                self._word(statement.kind)
                self._values(statement.sizes, scope)
            case s.Instance():
                self._instance(statement, scope, home)
            case s.EdgeStatement():
                self._edges(statement, scope, home)
            case s.Share():
                self._word(statement.kind)
                for path in (path for item in statement.items for ends in item for path in ends):
                    self._path(path, scope, home)
            case s.Pick():
                for end in filter(None, (statement.source, statement.target)):
                    self._path(end, scope, home)
                self._candidates(statement.pipeline, scope)
            case s.Limit():
                self._word(statement.measure)
                self._value(statement.bound, scope)
            case s.Rule():
                self._rule(statement, scope, home)
            case s.For():
                self._values((statement.first, statement.last), scope)
                self.statements(statement.items, self.bodies[id(statement)], home)
            case s.If():
                for condition, items in statement.branches:
                    self._value(condition, scope)
                    self.statements(items, scope, home)
                self.statements(statement.otherwise, scope, home)

    def _node(self, statement: s.NodeDecl, scope: Scope) -> None:
        for name in statement.names:
            self._index(name, scope)
        self._values(statement.shape, scope)
        if statement.merge:
            self._word(statement.merge.name)
            self._arguments(statement.merge.arguments, None, scope)
        if statement.then:
            self._candidates(statement.then, scope)

    def _instance(self, statement: s.Instance, scope: Scope, home: Scope) -> None:
        self._index(statement.name, scope)
        if self.is_genotype:  # a choice's line reads as an instance
            self._path(s.Path((statement.name,), statement.name.span), scope, home)
            call = s.Call(statement.block, statement.arguments, statement.block.span)
            return self._call(call, scope)
        block = home.find(symbols.BLOCK, statement.block.text)
        self._found(word_span(statement.block), block)
        self._arguments(statement.arguments, block.members if block else None, scope)
        for before in statement.after:
            self._name(before, home.find(symbols.NODE, before.text), scope)
        return None

    def _edges(self, statement: s.EdgeStatement, scope: Scope, home: Scope) -> None:
        kind = home.find(symbols.EDGE_TYPE, statement.type.text)
        if kind is None and statement.type.text == "link":
            kind = self._built_in(symbols.EDGE_TYPE, "link")
        self._found(statement.type.span, kind)
        for path in (*statement.sources, *statement.targets):
            self._path(path, scope, home)
        if statement.candidates:
            self._candidates(statement.candidates, scope)

    def _rule(self, statement: s.Rule, scope: Scope, home: Scope) -> None:
        for claim in (*statement.conditions, statement.claim):
            for option in claim.options:
                if isinstance(option, s.PipelineExpr):
                    self._candidates(option, scope)
                else:
                    self._value(option, scope)
            if isinstance(claim, s.Counted):
                self._value(claim.count, scope)
                paths = [claim.place[1] if claim.place else None]
            else:
                paths = [claim.source, claim.target]
            for path in filter(None, paths):
                self._path(path, scope, home)

    def _path(self, path: s.Path, scope: Scope, home: Scope) -> None:
        """`n2`, `B1.n2`, or a choice with or without its instance."""
        first, *rest = path.parts
        found = home.own.get((symbols.NODE, first.text)) or home.find(symbols.CHOICE, first.text)
        self._name(first, found, scope)
        for part in rest:
            found = self._member(found, part.text, home)
            self._name(part, found, scope)

    def _member(self, instance: Symbol | None, name: str, home: Scope) -> Symbol | None:
        for block in instance.blocks if instance else ():
            declared = home.find(symbols.BLOCK, block)
            own = declared.members.own if declared and declared.members else {}
            found = own.get((symbols.NODE, name)) or own.get((symbols.CHOICE, name))
            if found:
                return found
        return None

    def _options(self, written: s.Alternatives | s.SizeOptions, scope: Scope) -> None:
        if isinstance(written, s.Alternatives):
            return self._candidates(written, scope)
        for option in written.options:
            if isinstance(option, s.PipelineExpr | s.Narrowed):
                self._candidates(option, scope)
            else:
                self._value(option, scope)
        return None

    def _candidates(self, written: object, scope: Scope) -> None:
        match written:
            case s.PipelineExpr():
                for call in written.calls:
                    self._call(call, scope)
            case s.Alternatives():
                for option in written.options:
                    self._candidates(option, scope)
            case s.Narrowed():
                self._candidates(written.first, scope)
                for _, operand in written.rest:
                    self._candidates(operand, scope)

    def _call(self, call: s.Call, scope: Scope) -> None:
        name = call.name
        if name.within:
            last = s.Name(name.text, word_span(name), name.index)
            return self._path(s.Path((*name.within, last), name.span), scope, scope)
        found = scope.find(symbols.CHOICE, name.text) or scope.find(symbols.OPERATION, name.text)
        if found is None and name.text in OPERATIONS:
            found = self._built_in(symbols.OPERATION, name.text)
        found = found or scope.find(symbols.EDGE_TYPE, name.text)
        found = found or scope.find(symbols.VALUE, name.text)  # a size in a rule
        self._name(name, found, scope)
        return self._arguments(call.arguments, found.members if found else None, scope)

    def _arguments(
        self, arguments: Sequence[s.Argument], members: Scope | None, scope: Scope
    ) -> None:
        for argument in arguments:
            if argument.name and members:
                start = argument.span.start
                span = Span(start, start + len(argument.name), argument.span.source)
                self._found(span, members.own.get((symbols.VALUE, argument.name)))
            self._value(argument.value, scope)

    def _signature(self, parameters: Iterable[s.Parameter], scope: Scope) -> None:
        for parameter in parameters:
            self._values(filter(None, (parameter.default, *(parameter.bounds or ()))), scope)

    def _values(self, exprs: Iterable[s.Expr], scope: Scope) -> None:
        for expr in exprs:
            self._value(expr, scope)

    def _value(self, expr: s.Expr, scope: Scope) -> None:
        match expr:
            case s.Reference():
                found = scope.find(symbols.VALUE, expr.name)
                self._found(expr.span, found or scope.find(symbols.NODE, expr.name))
            case s.Negative() | s.Opposite():
                self._value(expr.operand, scope)
            case s.Chain():
                self._values((expr.first, *(operand for _, operand in expr.rest)), scope)
            case s.Conditional():
                parts = (part for branch in expr.branches for part in branch)
                self._values((*parts, expr.otherwise), scope)
            case s.Listing():
                self._values(expr.entries, scope)
            case s.Entry():
                self._found(expr.name.span, scope.find(symbols.VALUE, expr.name.text))
                self._value(expr.place, scope)
            case s.Applied():
                if expr.name.text in FUNCTIONS:
                    self._found(expr.name.span, self._built_in(symbols.FUNCTION, expr.name.text))
                self._values(expr.arguments, scope)

    def _index(self, name: s.Name, scope: Scope) -> None:
        self._values(name.index, scope)

    def _name(self, name: s.Name, symbol: Symbol | None, scope: Scope) -> None:
        if name.index:
            self._index(name, scope)
        self._found(word_span(name), symbol)

    def _word(self, name: s.Name | None) -> None:
        if name:
            self._found(name.span, self._built_in(symbols.WORD, name.text))

    def _built_in(self, kind: str, name: str) -> Symbol:
        return self.built_in.setdefault((kind, name), Symbol(kind, name))

    def _found(self, span: Span, symbol: Symbol | None) -> None:
        if symbol:
            self.occurrences.append(Occurrence(span, symbol))
