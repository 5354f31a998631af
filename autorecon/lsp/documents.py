"""The texts that an editor has open, and the files that they name: each version is read once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from urllib.parse import unquote

import attrs
from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path

from autorecon.lang import Source, SpaceError, Span, resource_folder
from autorecon.lang.elaborate.named_files import named_path
from autorecon.lang.syntax import tree as s
from autorecon.lang.syntax.parse import Recovered, read_source, recover
from autorecon.lsp.names.resolve import resolve
from autorecon.lsp.names.symbols import Names
from autorecon.lsp.positions import DEFAULT, Positions

MAX_DEPENDENTS = 1_000  # files of folders that are looked at
MAX_FILES = 20_000  # of any kind, before looking for more of them ends
_NOT_SEARCHED = ("node_modules", "venv", "__pycache__")
_MAX_USES = 100  # within one another


@attrs.frozen(eq=False)
class Document:
    """One version of a text, with its tree as far as it can be read, and the names in it."""

    uri: str
    version: int | None
    source: Source
    documents: Documents

    @property
    def text(self) -> str:
        return self.source.text

    @cached_property
    def positions(self) -> Positions:
        return Positions(self.text, self.documents.encoding)

    @cached_property
    def recovered(self) -> Recovered:
        found = recover(self.source, headless=True)
        # What lacks a header and is no file of declarations lacks its header: that is one fault.
        lacks_header = any(fault.code == "E0104" for fault in found.faults)
        return recover(self.source) if lacks_header else found

    @property
    def header(self) -> s.SpaceHeader | s.GenotypeHeader | None:
        kinds = s.SpaceHeader | s.GenotypeHeader
        return next((st for st in self.recovered.statements if isinstance(st, kinds)), None)

    @property
    def names(self) -> Names:
        return self.documents.names(self)

    @property
    def files(self) -> Iterator[tuple[str, Span, str]]:
        """The files that it names: what is written, where, and the code of what may be wrong."""
        for statement in self.recovered.statements:
            match statement:
                case s.Use():
                    yield statement.file, statement.file_span, "E0701"
                case s.GenotypeHeader():
                    yield statement.of, statement.of_span, "E0606"

    def location(self, span: Span) -> types.Location:
        """A place in this text, or in one that it uses."""
        path = span.source.path
        other = self if span.source is self.source or path is None else self.documents.at(path)
        return types.Location((other or self).uri, (other or self).positions.span(span))


@attrs.define(eq=False)
class Documents:
    """All that is known of texts. Those in the editor go before those on disk."""

    encoding: str = DEFAULT
    folders: list[Path] = attrs.field(factory=list)
    opened: dict[str, Document] = attrs.field(factory=dict)
    _sources: dict[Path, Source] = attrs.field(factory=dict)
    _read: dict[Path, tuple[tuple[int, int], Document | None]] = attrs.field(factory=dict)
    # Of each document: its names, and those of the files that went into them.
    _names: dict[Document, tuple[list[tuple], Names]] = attrs.field(factory=dict)
    _within: list[Document] = attrs.field(factory=list)

    def put(self, uri: str, version: int | None, text: str) -> Document:
        self.close(uri)
        path = path_of(uri)
        name = str(path) if path else unquote(uri)
        document = Document(uri, version, Source(text, name, path, opened=self._sources), self)
        self.opened[uri] = document
        if path:
            self._sources[path] = document.source
        return document

    def close(self, uri: str) -> None:
        document = self.opened.pop(uri, None)
        if document:
            self._names.pop(document, None)
            if document.source.path:
                self._sources.pop(document.source.path, None)

    def at(self, path: Path) -> Document | None:
        """The document of a file, or None if it cannot be read."""
        if path in self._sources:
            source = self._sources[path]
            return next((d for d in self.opened.values() if d.source is source), None)
        try:
            stat = path.stat()
        except OSError:
            return None
        stamp = stat.st_mtime_ns, stat.st_size
        known = self._read.get(path)
        if known is None or known[0] != stamp:
            if known and known[1]:
                self._names.pop(known[1], None)
            self._read[path] = known = stamp, self._on_disk(path)
        return known[1]

    def named(self, name: str, span: Span, code: str) -> Document | None:
        """That of a file that a text names at `span`, if there is one."""
        with suppress(SpaceError):
            return self.at(named_path(name, span, code))
        return None

    def names(self, document: Document) -> Names:
        """Those of a document, as long as no file that they come from has changed."""
        self._within.append(document)  # files may name each other in a ring
        try:
            used, names = self._names.get(document, ([], None))
            if names is None or any(self._used(*file) is not found for file, found in used):
                used, names = self._resolved(document)
                self._names[document] = used, names
            return names
        finally:
            self._within.pop()

    def _resolved(self, document: Document) -> tuple[list[tuple], Names]:
        used: list[tuple] = []

        def files(name: str, span: Span, code: str) -> Names | None:
            found = self._used(name, span, code)
            used.append(((name, span, code), found))
            return found

        return used, resolve(document.recovered.statements, files)

    def _used(self, name: str, span: Span, code: str) -> Names | None:
        found = self.named(name, span, code)
        if found is None or found in self._within or len(self._within) > _MAX_USES:
            return None
        return self.names(found)

    def dependents(self, document: Document) -> list[Document]:
        """Those that name a document's file, or one that names it: of the editor, and of the
        workspace's folders or, outside of these, of the file's own."""
        path = document.source.path
        if path is None:
            return []
        others = [d for d in self._around(path) if d is not document]
        found = [document]
        for known in found:
            found += [d for d in others if d not in found and self._names_file(d, known)]
        return found[1:]

    def _around(self, path: Path) -> list[Document]:
        folders = [f for f in self.folders if path.is_relative_to(f)] or [path.parent]
        known = {d.source.path: d for d in self.opened.values() if d.source.path}
        for file in islice(chain.from_iterable(map(_space_files, folders)), MAX_DEPENDENTS):
            if file not in known and (found := self.at(file)):
                known[file] = found
        return list(known.values())

    def _names_file(self, document: Document, other: Document) -> bool:
        path = other.source.path
        if path is None or path.name not in document.text:
            return False
        return any(self.named(*file) is other for file in document.files)

    def _on_disk(self, path: Path) -> Document | None:
        with suppress(SpaceError):
            source = read_source(path)
            source = Source(source.text, str(path), path, opened=self._sources)
            return Document(from_fs_path(str(path)) or path.as_uri(), None, source, self)
        return None


def _space_files(folder: Path) -> Iterator[Path]:
    """Those within a folder and what is in it, as far as anybody would put them there."""
    seen = 0
    for here, folders, files in os.walk(folder):
        seen += len(files)
        if seen > MAX_FILES:
            return
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _NOT_SEARCHED)
        yield from (Path(here, f).resolve() for f in sorted(files) if f.endswith(".space"))


def path_of(uri: str) -> Path | None:
    """The resolved path of a file's address; None for what is no file, as an unsaved text."""
    if not uri.startswith("file:"):
        return None
    with suppress(OSError, ValueError, RuntimeError):
        path = to_fs_path(uri)
        return Path(path).resolve() if path else None
    return None


def is_shipped(document: Document) -> bool:
    """Whether it is a file of the package that nobody has opened to change it."""
    path, known = document.source.path, document.documents
    if path is None or document.uri in known.opened:
        return False
    shipped = path.is_relative_to(resource_folder("spaces").resolve())
    return shipped and not any(path.is_relative_to(folder) for folder in known.folders)
