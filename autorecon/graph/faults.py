"""All that is to be said of one text."""

from __future__ import annotations

from autorecon.graph.space import Space, proved
from autorecon.lang import Diagnostic, Source, SpaceError, check
from autorecon.lang.check.space import check_declarations
from autorecon.lang.syntax.parse import parse
from autorecon.lang.syntax.tree import File


def faults_of(source: Source) -> tuple[Diagnostic, ...]:
    """Errors, or else warnings, of a space, a genotype or a file of declarations."""
    try:
        if (file := _declarations(source)) is not None:
            return check_declarations(file)
        return proved(Space(check(source))).program.warnings
    except SpaceError as error:
        return error.diagnostics


def _declarations(source: Source) -> File | None:
    try:
        file = parse(source, headless=True)
    except SpaceError:
        return None
    return file if file.header is None and file.statements else None
