"""The colours that only meaning tells: what each name is."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from autorecon.lang.syntax.tokens import lex
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
}
_OF_TOKENS = {"NUMBER": "number", "AMOUNT": "number", "STRING": "string", "COMMENT": "comment"}
_TYPES = sorted({*_OF_SYMBOLS.values(), *_OF_TOKENS.values()})
_PLACES = {kind: place for place, kind in enumerate(_TYPES)}
_MODIFIERS = ("declaration", "defaultLibrary")
LEGEND = types.SemanticTokensLegend(_TYPES, list(_MODIFIERS))


def semantic_tokens(view: View, params: types.SemanticTokensParams) -> types.SemanticTokens:
    """Five numbers a token: lines and columns from the one before, length, type, modifiers."""
    data: list[int] = []
    line = column = 0
    for start, end, kind, modifiers in _tokens(view):
        place = view.document.positions.position(start)
        if place.line != line:
            column = 0
        length = view.document.positions.length(start, end)
        data += place.line - line, place.character - column, length, _PLACES[kind], modifiers
        line, column = place.line, place.character
    return types.SemanticTokens(data)


def _tokens(view: View) -> Iterator[tuple[int, int, str, int]]:
    """Start, end, type and modifiers of whatever has a colour, in order; each on one line."""
    named = {o.span.start: o for o in view.document.names.occurrences}
    for token in lex(view.document.text):
        found = named.get(token.start_pos)
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
