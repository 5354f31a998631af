"""A genotype's lines: the decisions that are still to be made, and the options of each."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache

from lsprotocol import types

from autorecon.lang import Decision, Program, SpaceError
from autorecon.lang.check.check import check_file
from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.elaborate.expressions import Number, Unknown, number
from autorecon.lang.syntax import tree as s
from autorecon.lsp.cursor import Cursor
from autorecon.lsp.documents import Document
from autorecon.lsp.view import View

_Kind = types.CompletionItemKind
_BLANKS = re.compile(r"\s+")


def choices(view: View, at: Cursor) -> list[types.CompletionItem] | None:
    """None where the cursor is in no such line."""
    base = _base(view.document)
    if base is None:
        return None
    if "=" in at.tokens:
        written = _plain("".join(at.tokens))
        known = {f"{_plain(d.text)}=": d.options for d in base.decisions.values()}
        options = known.get(written, ())
        return [types.CompletionItem(o, kind=_Kind.EnumMember) for o in options] or None
    written = _plain("".join(at.tokens) + at.word)
    made = {_plain(st.span.text.partition("=")[0]) for st in _picks(view.document)}
    left = [d for d in base.decisions.values() if _plain(d.text) not in made]
    start = at.tokens[0].start_pos if at.tokens else at.start
    place = view.document.positions.range(start, at.start + len(at.word))
    return [_line(d, place) for d in left if _plain(d.text).startswith(written)] or None


def _base(document: Document) -> Program | None:
    """The space that the text is a genotype of, as the header sets it."""
    header = document.header
    if not isinstance(header, s.GenotypeHeader):
        return None
    base = document.documents.named(header.of, header.of_span, "E0606")
    values = {a.name: number(a.value, {}, Diagnostics()) for a in header.arguments if a.name}
    known = {name: value for name, value in values.items() if not isinstance(value, Unknown)}
    return _checked(base, tuple(known.items())) if base else None


@lru_cache(maxsize=4)
def _checked(base: Document, values: tuple[tuple[str, Number], ...]) -> Program | None:
    file = base.recovered.file
    if file is None or not isinstance(file.header, s.SpaceHeader):
        return None
    with suppress(SpaceError):
        return check_file(file, dict(values))
    return None


def _picks(document: Document) -> list[s.Pick | s.Instance]:
    return [st for st in document.recovered.statements if isinstance(st, s.Pick | s.Instance)]


def _plain(text: str) -> str:
    return _BLANKS.sub("", text)


def _line(decision: Decision, place: types.Range) -> types.CompletionItem:
    text = f"{decision.text} = "
    found = types.CompletionItem(text, kind=_Kind.EnumMember, detail=" | ".join(decision.options))
    found.text_edit = types.TextEdit(place, text)
    return found
