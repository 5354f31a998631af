"""What names stand for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import attrs

from autorecon.lang import Span
from autorecon.lang.syntax import tree as s

# Kinds of symbols.
PARAMETER, VALUE, EDGE_TYPE, OPERATION = "parameter", "value", "edge type", "operation"
BLOCK, INSTANCE, NODE, CHOICE, WORD = "block", "instance", "node", "choice", "word"
FUNCTION = "function"  # of values
# Which names can be mistaken for each other where they are used.
SPACES = {PARAMETER: VALUE, VALUE: VALUE, INSTANCE: NODE}


@attrs.define(eq=False)
class Symbol:
    """Something that has a name. `declared` are the places of its name in declarations, none for
    what is built in; `home` is the block or definition that it is of, `statement` what declares
    it, and `members` are the names within it."""

    kind: str
    name: str
    home: Symbol | None = None
    statement: Any = None
    declared: list[Span] = attrs.field(factory=list)
    members: Scope | None = None
    # Of an instance: the names of its blocks, one unless that depends.
    blocks: list[str] = attrs.field(factory=list)

    @property
    def is_size(self) -> bool:
        """Whether it is a choice of sizes, which expressions name."""
        statement = self.statement
        return isinstance(statement, s.Choice) and isinstance(statement.options, s.SizeOptions)

    @property
    def is_built_in(self) -> bool:
        return not self.declared


@attrs.frozen(eq=False)
class Occurrence:
    span: Span
    symbol: Symbol
    is_declaration: bool = False


@attrs.define(eq=False)
class Scope:
    """Names that are seen at some place: its own, and those around it."""

    around: Scope | None = None
    own: dict[tuple[str, str], Symbol] = attrs.field(factory=dict)

    def find(self, kind: str, name: str) -> Symbol | None:
        scope: Scope | None = self
        while scope is not None:
            found = scope.own.get((SPACES.get(kind, kind), name))
            if found:
                return found
            scope = scope.around
        return None

    def add(self, symbol: Symbol) -> Symbol:
        """The symbol, or the one of that name that is there already."""
        if symbol.is_size:
            self.own.setdefault((VALUE, symbol.name), symbol)
        return self.own.setdefault((SPACES.get(symbol.kind, symbol.kind), symbol.name), symbol)

    def all(self) -> Iterator[Symbol]:
        """The nearest first, each once; a hidden one as well."""
        scope: Scope | None = self
        while scope is not None:
            yield from dict.fromkeys(scope.own.values())
            scope = scope.around


@attrs.frozen(eq=False)
class Names:
    """Those of one text: the file's own scope, and all occurrences in the order of the text.

    `bodies` has the scope of each body (of a block, definition or loop) by where it is.
    """

    scope: Scope
    occurrences: list[Occurrence]
    bodies: list[tuple[Span, Scope]]

    def at(self, offset: int) -> Occurrence | None:
        """What is named at an offset, or just before it."""
        index = bisect_right(self.occurrences, offset, key=lambda o: o.span.start) - 1
        if index < 0 or offset > self.occurrences[index].span.end:
            return None
        return self.occurrences[index]

    def scope_at(self, offset: int) -> Scope:
        """The names that are seen at an offset: those of the innermost body around it."""
        inner = [(s.end - s.start, b) for s, b in self.bodies if s.start <= offset <= s.end]
        return min(inner, key=lambda body: body[0])[1] if inner else self.scope
