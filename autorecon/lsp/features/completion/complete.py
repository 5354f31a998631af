"""Completion: what kind of thing is wanted at the cursor, and all of that kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain

from lsprotocol import types

from autorecon.lang import shipped_spaces
from autorecon.lang.syntax import tree as s
from autorecon.lang.syntax.tables import tables
from autorecon.lsp.cursor import Cursor, cursor
from autorecon.lsp.features.completion import genotypes, items
from autorecon.lsp.features.completion.wanted import wanted
from autorecon.lsp.view import View

MAX_FILES = 200
_NAMES = {"NAME", "_AT", "BOUND"}  # names, and words that are known from names by their place
_FILE = re.compile(r'\b(?:use|of)\s+"([^"\n]*)$')


def completion(view: View, params: types.CompletionParams) -> list[types.CompletionItem]:
    offset = view.offset(params.position)
    before = view.document.text[:offset].rpartition("\n")[2]
    if any(span.start < offset <= span.end for span in view.document.recovered.comments):
        return []
    if _FILE.search(before):
        return list(_files(view))
    at = cursor(view.document, offset)
    if isinstance(view.document.header, s.GenotypeHeader):
        found = genotypes.choices(view, at)
        if found is not None:
            return found
    return _distinct(chain(_names(view, at), _words(at)))


def _names(view: View, at: Cursor) -> Iterator[types.CompletionItem]:
    accepted = at.accepts()
    if at.tokens and not accepted & _NAMES:
        return
    scope = view.document.names.scope_at(at.start)
    for kind in wanted(at):
        yield from items.of_kind(kind, view, at, scope)


def _words(at: Cursor) -> Iterator[types.CompletionItem]:
    """Words of the language; the first of a statement with what belongs to it."""
    accepted = at.accepts()
    for word, terminal in tables().keywords.items():
        if terminal in accepted:
            yield items.statement(word) if not at.tokens else items.word(word)


def _files(view: View) -> Iterator[types.CompletionItem]:
    """Spaces in the folder of the text or below, and the shipped ones."""
    path = view.document.source.path
    names = [found.name for found in shipped_spaces().values()]
    if path:
        with suppress(OSError):
            near = (f for f in path.parent.glob("*.space") if f != path)
            below = (f for f in path.parent.glob("*/*.space"))
            found = [f.relative_to(path.parent).as_posix() for f in chain(near, below)]
            names = [*sorted(found[:MAX_FILES]), *names]
    for name in dict.fromkeys(names):
        yield types.CompletionItem(name, kind=types.CompletionItemKind.File)


def _distinct(found: Iterator[types.CompletionItem]) -> list[types.CompletionItem]:
    return list({item.label: item for item in reversed([*found])}.values())[::-1]
