"""What can be mended by a click."""

from __future__ import annotations

from lsprotocol import types

from autorecon.lsp.view import View


def quick_fixes(view: View, params: types.CodeActionParams) -> list[types.CodeAction]:
    return []
