"""What can be mended by a click: whatever a diagnostic knows to mend it."""

from __future__ import annotations

from lsprotocol import types

from autorecon.lang import Diagnostic
from autorecon.lang.diagnostics.edits import Fix
from autorecon.lsp.features.diagnostics import diagnostic
from autorecon.lsp.view import View


def quick_fixes(view: View, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Of the faults that a range touches; each an action, the one that is certain preferred."""
    positions, document = view.document.positions, view.document
    start, end = positions.offset(params.range.start), positions.offset(params.range.end)
    own = [d for d in view.diagnostics if d.span and d.span.source is document.source]
    here = [d for d in own if d.span and d.span.start <= end and start <= d.span.end]
    return [_action(view, d, fix) for d in here for fix in d.fixes if _is_own(view, fix)]


def _is_own(view: View, fix: Fix) -> bool:
    return all(edit.span.source is view.document.source for edit in fix.edits)


def _action(view: View, d: Diagnostic, fix: Fix) -> types.CodeAction:
    document = view.document
    edits = [types.TextEdit(document.positions.span(e.span), e.text) for e in fix.edits]
    return types.CodeAction(
        fix.title[:1].upper() + fix.title[1:],
        types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic(d, document)],
        is_preferred=fix.safe or len(d.fixes) == 1,
        edit=types.WorkspaceEdit({document.uri: edits}),
    )
