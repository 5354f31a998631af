"""What the thing under the pointer is, what it computes, and what it costs."""

from __future__ import annotations

from lsprotocol import types

from autorecon.lang.diagnostics.codes import CODES
from autorecon.lsp.describe import describe
from autorecon.lsp.view import View


def hover(view: View, params: types.HoverParams) -> types.Hover | None:
    offset = view.offset(params.position)
    found = view.document.names.at(offset)
    parts = describe(view, found.symbol, offset) if found else []
    parts += [f"**{code}** {CODES[code]}" for code in _codes(view, offset)]
    if not parts:
        return None
    place = view.document.positions.span(found.span) if found else None
    text = "\n\n".join(parts)
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), place)


def _codes(view: View, offset: int) -> dict[str, None]:
    """Those of the faults here, which `--explain` explains with these words."""
    here = (
        d.code
        for d in view.diagnostics
        if d.span and d.span.source is view.document.source and d.span.start <= offset <= d.span.end
    )
    return dict.fromkeys(here)
