"""New names, offered only after the changed texts were checked: they are the same programs but for
the name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from autorecon.lang.syntax.tables import tables
from autorecon.lsp.documents import Document, Documents, is_shipped
from autorecon.lsp.features.navigation import reach
from autorecon.lsp.knowledge import check_document
from autorecon.lsp.likeness import likeness
from autorecon.lsp.names.resolve import places_of
from autorecon.lsp.names.symbols import Occurrence
from autorecon.lsp.view import View

_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


class Refused(JsonRpcException):
    """What an editor shows as the reason why nothing is renamed."""

    CODE = types.LSPErrorCodes.RequestFailed.value
    MESSAGE = "cannot be renamed"


def prepare(view: View, params: types.PrepareRenameParams) -> types.Range | None:
    """The name that would be changed, or None where there is none."""
    found = view.occurrence(params.position)
    if found is None or found.symbol.is_built_in:
        return None
    return view.document.positions.span(found.span)


def rename(view: View, params: types.RenameParams) -> types.WorkspaceEdit | None:
    """The edits in all files that name it; raises Refused with the reason."""
    found, name = view.occurrence(params.position), params.new_name
    if found is None or found.symbol.is_built_in:
        raise Refused("what is built into the language has no other name")
    if not _NAME.fullmatch(name) or name in tables().keywords:
        raise Refused(f"`{name}` cannot be a name: letters, digits and _ make one, no keyword does")
    places = _places(view.document, found)
    shipped = next((document for document in places if is_shipped(document)), None)
    if shipped:
        raise Refused(f"{shipped.source.name} belongs to the package")
    _check(view.document.documents, places, name)
    return types.WorkspaceEdit(
        {
            document.uri: [types.TextEdit(document.positions.span(o.span), name) for o in found]
            for document, found in places.items()
        }
    )


def _places(document: Document, found: Occurrence) -> dict[Document, list[Occurrence]]:
    """Where it is named, by document."""
    places = {d: places_of(d.names, found.symbol) for d in reach(document, found.symbol)}
    return {d: occurrences for d, occurrences in places.items() if occurrences}


def _check(documents: Documents, places: Mapping[Document, list[Occurrence]], name: str) -> None:
    """Raises Refused unless every document means the same with the new name."""
    touched = {other for d in places for other in (d, *documents.dependents(d))}
    changed = Documents(documents.encoding, documents.folders)
    for document in {*documents.opened.values(), *touched}:
        changed.put(document.uri, None, _renamed(document.text, places.get(document, []), name))
    for document in touched:
        _same(document, changed.opened[document.uri], name, document in places)


def _same(before: Document, after: Document, name: str, is_changed: bool) -> None:
    old = check_document(before)
    faults = [d for d in old.diagnostics if d.severity == "error"]
    if faults and not is_changed:
        return
    if faults:
        message = f"mend {before.source.name} first, so that the change can be checked"
        raise Refused(f"{message}: {faults[0].message}")
    new = check_document(after)
    errors = [d for d in new.diagnostics if d.severity == "error"]
    if errors:
        raise Refused(f"with `{name}`, {after.source.name} would have a fault: {errors[0].message}")
    if likeness(before, old.program) != likeness(after, new.program):
        raise Refused(f"`{name}` would make {after.source.name} mean something else")


def _renamed(text: str, places: list[Occurrence], name: str) -> str:
    for occurrence in reversed(places):
        text = text[: occurrence.span.start] + name + text[occurrence.span.end :]
    return text
