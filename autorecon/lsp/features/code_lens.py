"""Above the header: how many architectures there are."""

from __future__ import annotations

from lsprotocol import types

from autorecon.graph.draw.labels import count_text, exact_text
from autorecon.lsp.view import View


def code_lens(view: View, params: types.CodeLensParams) -> list[types.CodeLens]:
    header = view.document.header
    if view.knowledge is None or header is None:
        return []
    # A command without a name is a text that cannot be clicked.
    command = types.Command(_text(view.knowledge.space.architectures), "")
    return [types.CodeLens(view.document.positions.span(header.name.span), command)]


def _text(count: int) -> str:
    if count == 1:
        return "1 architecture"
    rounded = f" ({count_text(count)})" if count >= 1_000_000 else ""
    return f"{exact_text(count)} architectures{rounded}"
