"""Where something is declared, and where it is named, in this file and in those around it."""

from __future__ import annotations

from lsprotocol import types

from autorecon.lsp.documents import Document
from autorecon.lsp.names.resolve import places_of
from autorecon.lsp.names.symbols import Symbol
from autorecon.lsp.view import View


def definition(view: View, params: types.DefinitionParams) -> list[types.Location]:
    """Of a name, its declarations; of a file's name, the file."""
    found = view.occurrence(params.position)
    if found:
        return [view.document.location(span) for span in found.symbol.declared]
    offset = view.offset(params.position)
    for name, span, code in view.document.files:
        if span.start <= offset <= span.end:
            other = view.document.documents.named(name, span, code)
            return [types.Location(other.uri, other.positions.range(0, 0))] if other else []
    return []


def references(view: View, params: types.ReferenceParams) -> list[types.Location]:
    found = view.occurrence(params.position)
    if found is None:
        return []
    wanted = params.context.include_declaration
    return [
        types.Location(document.uri, document.positions.span(o.span))
        for document in reach(view.document, found.symbol)
        for o in places_of(document.names, found.symbol)
        if wanted or not o.is_declaration
    ]


def highlight(view: View, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
    """The places in this text."""
    found = view.occurrence(params.position)
    places = places_of(view.document.names, found.symbol) if found else []
    positions = view.document.positions
    return [types.DocumentHighlight(positions.span(o.span)) for o in places]


def reach(document: Document, symbol: Symbol) -> list[Document]:
    """The documents that may name a symbol: where it is declared, those that use that, and this
    one."""
    if symbol.is_built_in:
        return [document]
    source = symbol.declared[0].source
    home = document if source is document.source or source.path is None else None
    home = home or document.documents.at(source.path) or document  # type: ignore[arg-type]
    return list(dict.fromkeys([home, document, *document.documents.dependents(home)]))
