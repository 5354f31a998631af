"""`use "FILE"`: the declarations of another file, as if they stood here."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePath

import attrs

from autorecon.lang.diagnostics.faults import Diagnostics, SpaceError
from autorecon.lang.elaborate.named_files import named_source
from autorecon.lang.source import Source
from autorecon.lang.syntax import tree as s
from autorecon.lang.syntax.parse import parse

MAX_FILES = 100
_DECLARATIONS = s.Let | s.EdgeType | s.OpDef | s.BlockDef | s.Choice | s.Use


@attrs.define
class Uses:
    """Puts what files declare in place of the statements that use them; each file once."""

    faults: Diagnostics
    # What is open, from the file itself down, by resolved path.
    within: list[Path] = attrs.field(factory=list)
    # Every file, as the first that uses it calls it from the folder of all.
    found: dict[Path, tuple[str, Source]] = attrs.field(factory=dict)

    def statements(self, file: s.File) -> list[s.Statement]:
        """The statements of a file, those that it uses among them; SpaceError if one has faults."""
        if file.source.path:
            self.within.append(file.source.path.resolve())
        statements = list(self._replaced(file.statements, PurePath()))
        self.faults.finish()
        return statements

    def _replaced(
        self, statements: Iterable[s.Statement], folder: PurePath
    ) -> Iterable[s.Statement]:
        for statement in statements:
            if isinstance(statement, s.Use):
                yield from self._used(statement, folder)
            else:
                yield statement

    def _used(self, statement: s.Use, folder: PurePath) -> Iterable[s.Statement]:
        try:
            source = named_source(statement.file, statement.file_span, "E0701")
            path = source.path.resolve() if source.path else Path(statement.file)
            if self._refused(statement, path) or path in self.found:
                return []
            name = folder / statement.file
            self.found[path] = name.as_posix(), source
            file = parse(source, headless=True)
        except SpaceError as error:
            self.faults.found += error.diagnostics
            return []
        if isinstance(file.header, s.GenotypeHeader):
            message = f"`{statement.file}` is a genotype"
            help = "use a space, or a file of declarations"
            self.faults.report("E0701", message, statement.file_span, help)
            return []
        self.within.append(path)
        declared = [d for d in file.statements if isinstance(d, _DECLARATIONS)]
        statements = [*_assumed(file.header), *self._replaced(declared, name.parent)]
        self.within.pop()
        return statements

    def _refused(self, statement: s.Use, path: Path) -> bool:
        if path in self.within:
            ring = " -> ".join(p.name for p in (*self.within[self.within.index(path) :], path))
            help = "put what both need into a third file"
            self.faults.report("E0702", f"files use each other: {ring}", statement.span, help)
            return True
        if len(self.found) == MAX_FILES and path not in self.found:
            self.faults.report("E0305", f"more than {MAX_FILES} files", statement.span)
            return True
        return False


def _assumed(header: s.SpaceHeader | None) -> list[s.Statement]:
    parameters = header.parameters if header else ()
    return [s.Assumed(p.name, p.default, p.span) for p in parameters if p.default]
