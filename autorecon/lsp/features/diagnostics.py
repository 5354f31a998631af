"""What is wrong, where it is wrong: as `autorecon check` says it."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from autorecon.lang import Diagnostic, Span, resource_folder
from autorecon.lsp.documents import Document
from autorecon.lsp.knowledge import Checked

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
}
_UNUSED = ("W0801", "W0802", "W0901")  # what one can as well leave out


def diagnostics(checked: Checked) -> list[types.Diagnostic]:
    return [diagnostic(d, checked.document) for d in checked.diagnostics]


def diagnostic(d: Diagnostic, document: Document) -> types.Diagnostic:
    notes = "".join(f"\nnote: {text}" for text, span in d.notes if span is None)
    return types.Diagnostic(
        _range(d, document),
        "\n".join(filter(None, (d.message + notes, d.help and f"help: {d.help}"))),
        _SEVERITIES[d.severity],
        d.code,
        _link(),
        source="autorecon",
        tags=[types.DiagnosticTag.Unnecessary] if d.code in _UNUSED else None,
        related_information=list(_related(d, document)) or None,
    )


def _range(d: Diagnostic, document: Document) -> types.Range:
    """Its own place; of a fault in another file that of its name; else the start of the text."""
    if d.span and d.span.source is document.source:
        return document.positions.span(d.span)
    named = [span for name, span, _ in document.files if d.span and _is_named(name, d.span)]
    files = named or [span for _, span, _ in document.files]
    return document.positions.span(files[0]) if d.span and files else types.Range(*_start())


def _is_named(name: str, span: Span) -> bool:
    path = span.source.path
    return path is not None and path.as_posix().endswith(name)


def _start() -> tuple[types.Position, types.Position]:
    return types.Position(0, 0), types.Position(0, 0)


def _related(d: Diagnostic, document: Document) -> Iterator[types.DiagnosticRelatedInformation]:
    if d.span and d.span.source is not document.source:
        yield types.DiagnosticRelatedInformation(document.location(d.span), "it is here")
    for text, span in d.notes:
        if span is not None:
            yield types.DiagnosticRelatedInformation(document.location(span), text)


def _link() -> types.CodeDescription | None:
    """The table of codes, where the pages lie beside the package."""
    page = resource_folder("docs") / "language.md"
    return types.CodeDescription(f"{page.as_uri()}#codes") if page.is_file() else None
