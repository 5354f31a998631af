"""The colours that only meaning tells: what each name is."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from autorecon.lsp.names import symbols
from autorecon.lsp.names.symbols import Occurrence
from autorecon.lsp.view import View

_OF_SYMBOLS = {
    symbols.PARAMETER: "parameter",
    symbols.VALUE: "variable",
    symbols.EDGE_TYPE: "type",
    symbols.OPERATION: "function",
    symbols.BLOCK: "class",
    symbols.INSTANCE: "namespace",
    symbols.NODE: "property",
    symbols.CHOICE: "enum",
    symbols.WORD: "keyword",
    symbols.FUNCTION: "function",
}
_OF_TOKENS = {"NUMBER": "number", "AMOUNT": "number", "STRING": "string"}
_TYPES = sorted({*_OF_SYMBOLS.values(), *_OF_TOKENS.values(), "comment"})
_PLACES = {kind: place for place, kind in enumerate(_TYPES)}
_MODIFIERS = ("declaration", "defaultLibrary")
LEGEND = types.SemanticTokensLegend(_TYPES, list(_MODIFIERS))


def semantic_tokens(view: View, params: types.SemanticTokensParams) -> types.SemanticTokens:
    """Five numbers a token: lines and columns from the one before, length, type, modifiers."""
    data: list[int] = []
    positions, last, before = view.document.positions, 0, 0
    comments = ((c.start, c.end, "comment", 0) for c in view.document.recovered.comments)
    for start, end, kind, modifiers in sorted([*_tokens(view), *comments]):
        line, column = positions.place(start)
        gap = column - before if line == last else column
        data += line - last, gap, positions.length(start, end), _PLACES[kind], modifiers
        last, before = line, column
    return types.SemanticTokens(data)


def _tokens(view: View) -> Iterator[tuple[int, int, str, int]]:
    """Start, end, type and modifiers of whatever has a colour, but comments; each on one line."""
    named = {o.span.start: o for o in view.document.names.occurrences}
    for token in view.document.recovered.tokens:
        # Once: what was mended stands at the place of what comes after it.
        found = named.pop(token.start_pos, None)
        if found:
            kind = _OF_SYMBOLS[found.symbol.kind]
            yield found.span.start, found.span.end, kind, _modifiers(found)
        elif token.type in _OF_TOKENS:
            yield token.start_pos, token.end_pos, _OF_TOKENS[token.type], 0
        elif token.type not in ("NAME", "BAD") and token.isidentifier():
            yield token.start_pos, token.end_pos, "keyword", 0


def _modifiers(found: Occurrence) -> int:
    is_library = found.symbol.is_built_in and found.symbol.kind != symbols.WORD
    return found.is_declaration + 2 * is_library
