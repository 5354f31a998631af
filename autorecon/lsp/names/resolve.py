"""All names of a text, with those of the files that it uses or is a genotype of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autorecon.lang import Span
from autorecon.lang.syntax import tree as s
from autorecon.lsp.names import symbols
from autorecon.lsp.names.declare import Declarer
from autorecon.lsp.names.refer import Referrer
from autorecon.lsp.names.symbols import Names, Occurrence, Scope, Symbol

# What `use` brings in.
_TAKEN = frozenset(
    (
        symbols.PARAMETER,
        symbols.VALUE,
        symbols.EDGE_TYPE,
        symbols.OPERATION,
        symbols.BLOCK,
        symbols.CHOICE,
    )
)

# The names of a file that a text names, by what is written and where; None if it cannot be read.
Files = Callable[[str, Span, str], "Names | None"]


def resolve(statements: Sequence, files: Files) -> Names:
    """`statements` may begin with a header."""
    headers = [st for st in statements if isinstance(st, s.SpaceHeader | s.GenotypeHeader)]
    header = headers[0] if headers else None
    scope, base = Scope(), None
    if isinstance(header, s.GenotypeHeader) and (
        found := files(header.of, header.of_span, "E0606")
    ):
        base = found.scope
        scope = Scope(own=dict(base.own))
    declarer = Declarer()
    declarer.header(header, scope)
    # In a genotype everything is declared already: what looks like an instance is a choice's line.
    if not isinstance(header, s.GenotypeHeader):
        declarer.statements(statements, scope, scope, None)
    for statement in statements:
        if isinstance(statement, s.Use):
            _take(files(statement.file, statement.file_span, "E0701"), scope)
    referrer = Referrer(declarer.bodies, isinstance(header, s.GenotypeHeader))
    referrer.header(header, scope, base)
    referrer.statements(statements, scope, scope)
    occurrences = _in_order([*declarer.occurrences, *referrer.occurrences])
    return Names(scope, occurrences, _bodies(statements, declarer.bodies))


def _take(names: Names | None, scope: Scope) -> None:
    """What a file that is used declares; what is declared here goes before it."""
    for symbol in names.scope.own.values() if names else ():
        if symbol.kind in _TAKEN:
            scope.add(symbol)


def _in_order(occurrences: list[Occurrence]) -> list[Occurrence]:
    """By place, each once: `B1.{a, b}` names B1 twice in one place."""
    return sorted({o.span.start: o for o in occurrences}.values(), key=lambda o: o.span.start)


def _bodies(statements: Sequence, scopes: dict[int, Scope]) -> list[tuple[Span, Scope]]:
    found = []
    for statement in statements:
        if id(statement) in scopes:
            found.append((statement.span, scopes[id(statement)]))
        match statement:
            case s.BlockDef() | s.For():
                found += _bodies(statement.items, scopes)
            case s.If():
                for _, items in statement.branches:
                    found += _bodies(items, scopes)
                found += _bodies(statement.otherwise, scopes)
    return found


def places_of(names: Names, symbol: Symbol) -> list[Occurrence]:
    """Where a text names a symbol, which is known by where it is declared."""
    return [o for o in names.occurrences if is_same(o.symbol, symbol)]


def is_same(one: Symbol, other: Symbol) -> bool:
    """Whether two symbols, perhaps of two readings of a file, are declared in one place."""
    if one is other:
        return True
    if not (one.declared and other.declared):
        return False
    first, second = one.declared[0], other.declared[0]
    paths = first.source.path, second.source.path
    return first.start == second.start and paths[0] is not None and paths[0] == paths[1]
