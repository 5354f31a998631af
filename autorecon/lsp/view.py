"""What a feature is asked about: a document, and what is known of it."""

from __future__ import annotations

import attrs
from lsprotocol import types

from autorecon.lang import Diagnostic
from autorecon.lsp.documents import Document
from autorecon.lsp.knowledge import Knowledge
from autorecon.lsp.names.symbols import Occurrence


@attrs.frozen
class View:
    """A version of a text, the last sound program of that text, and what is wrong with this one
    (nothing yet, if it is not checked)."""

    document: Document
    knowledge: Knowledge | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

    def offset(self, position: types.Position) -> int:
        return self.document.positions.offset(position)

    def occurrence(self, position: types.Position) -> Occurrence | None:
        """The name at a place."""
        return self.document.names.at(self.offset(position))
