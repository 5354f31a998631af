"""All that is to be said of one text."""

from __future__ import annotations

from autorecon.graph.space import Space, proved
from autorecon.lang import Diagnostic, Source, SpaceError, check
from autorecon.lang.check.check import check_file
from autorecon.lang.check.space import check_declarations
from autorecon.lang.collection import without_collection
from autorecon.lang.syntax.parse import parse
from autorecon.lang.syntax.tree import File


def faults_of(source: Source) -> tuple[Diagnostic, ...]:
    """Errors, or else warnings, of a space, a genotype or a file of declarations."""
    try:
        file = _read(source)
        if file and file.header is None:
            return check_declarations(file)
        # Once more for what is wrong with it, which is told of a whole space.
        program = check_file(file) if file else check(source)
        return proved(Space(program)).program.warnings
    except SpaceError as error:
        return error.diagnostics


def _read(source: Source) -> File | None:
    """None for an empty file, and for one with faults."""
    try:
        with without_collection():
            file = parse(source, headless=True)
    except SpaceError:
        return None
    return file if file.header or file.statements else None
