"""The one style, as `autorecon fmt` has it."""

from __future__ import annotations

from contextlib import suppress
from itertools import takewhile

from lsprotocol import types

from autorecon.lang import SpaceError
from autorecon.lang.fmt import FormatError, format_source
from autorecon.lsp.documents import Document
from autorecon.lsp.view import View


def formatting(view: View, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    """Nothing for a text with syntax faults, which are shown already."""
    with suppress(SpaceError, FormatError):
        return _changed(view.document, format_source(view.document.source))
    return []


def _changed(document: Document, after: str) -> list[types.TextEdit]:
    """One edit of the lines that differ, so that an editor keeps its place in the others."""
    before = document.text
    if before == after:
        return []
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    same = _alike(old, new)
    most = min(len(old), len(new)) - same
    tail = min(_alike(old[::-1], new[::-1]), most)
    start = sum(map(len, old[:same]))
    end = len(before) - sum(map(len, old[len(old) - tail :]))
    text = "".join(new[same : len(new) - tail])
    return [types.TextEdit(document.positions.range(start, end), text)]


def _alike(old: list[str], new: list[str]) -> int:
    """How many lines are the same from the first."""
    pairs = zip(old, new, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
