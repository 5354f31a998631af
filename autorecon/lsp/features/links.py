"""Files that a text names, to be opened by a click."""

from __future__ import annotations

from lsprotocol import types

from autorecon.lsp.view import View


def links(view: View, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
    document = view.document
    found = (
        (span, document.documents.named(*file)) for file in document.files for span in file[1:2]
    )
    return [
        types.DocumentLink(document.positions.span(span), other.uri)
        for span, other in found
        if other
    ]
