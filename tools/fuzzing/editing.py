"""What an editor and `fix` do with a text, sound or amid a change."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from random import Random

from lsprotocol import types

from autorecon import Space, SpaceError, loads
from autorecon.graph.faults import faults_of
from autorecon.lang import Diagnostic, Source, check
from autorecon.lang.mend import mend
from autorecon.lsp.documents import Documents
from autorecon.lsp.features import diagnostics
from autorecon.lsp.features.rename import Refused
from autorecon.lsp.knowledge import Knowledge, check_document
from autorecon.lsp.server import FEATURES, OF_CHECKS
from autorecon.lsp.view import View
from fuzzing.judge import holds, same

CHANGES = 3  # of a program, one after the other
PUT = (
    "", "", "", "{", "}", "(", ")", "[", '"', "\n", "->", "=", ".", "|", ">>", "x", "none", "conv",
    "relu", "3", "-", ":", "\u00f6", "#", " then ", "optional ",
)  # fmt: skip
MORE = {
    types.TEXT_DOCUMENT_CODE_ACTION: {"context": types.CodeActionContext([])},
    types.TEXT_DOCUMENT_FORMATTING: {"options": types.FormattingOptions(2, True)},
    types.TEXT_DOCUMENT_REFERENCES: {"context": types.ReferenceContext(True)},
    types.TEXT_DOCUMENT_RENAME: {"new_name": "other"},
}


def ask_all(view: View, offset: int) -> None:
    """Every feature at a place, as the server asks it."""
    item = types.TextDocumentIdentifier(view.document.uri)
    place = view.document.positions.position(offset)
    for method, function in (FEATURES | OF_CHECKS).items():
        kind = types.METHOD_TO_TYPES[method][2]
        given = dict(MORE.get(method, {}))
        fields = {field.name for field in kind.__attrs_attrs__}
        given |= {"position": place} if "position" in fields else {}
        given |= {"range": types.Range(place, place)} if "range" in fields else {}
        with contextlib.suppress(Refused):
            function(view, kind(text_document=item, **given))


def check_editing(space: Space, random: Random, folder: Path) -> int:
    """How many texts were looked at."""
    text, documents, knowledge = space.text, Documents(), None
    check_mending(space)
    for version in range(CHANGES + 1):
        document = documents.put("untitled:fuzz", version, text)
        checked = check_document(document)
        diagnostics.diagnostics(checked)
        same("faults in an editor", _said(checked.diagnostics), _said(_checked(text)))
        if checked.program:
            knowledge = Knowledge(document, checked.program)
        ask_all(View(document, knowledge, checked.diagnostics), random.randrange(len(text) + 1))
        text = changed(text, random)
        check_mended(text)
    return CHANGES + 1


def changed(text: str, random: Random) -> str:
    start = random.randrange(len(text) + 1)
    return text[:start] + random.choice(PUT) + text[start + random.choice((0, 0, 1, 2, 4, 20)) :]


def _said(found: Sequence[Diagnostic]) -> list[tuple[str, str]]:
    return [(d.code, d.message) for d in found]


def _checked(text: str) -> Sequence[Diagnostic]:
    try:
        return check(Source(text)).warnings
    except SpaceError as error:
        return error.diagnostics


def check_mending(space: Space) -> None:
    """What is sound stays what it is, and loses only what is warned of."""
    mended = mend(space.program.source, faults_of)
    same("mended, yet the same", loads(mended.source.text), space)


def check_mended(text: str) -> None:
    """Of any text: no more is wrong than before, what is left is what a check says, and nothing is
    mended twice."""
    for unsafe in (False, True):
        mended = mend(Source(text), faults_of, unsafe=unsafe)
        same("left by `fix`", _said(mended.left), _said(faults_of(mended.source)))
        again = mend(mended.source, faults_of, unsafe=unsafe)
        same("mended again", again.source.text, mended.source.text)
        holds("mended or as it was", bool(mended.done) or mended.source.text == text)
