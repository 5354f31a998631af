"""Files that a file names: only in its own folder or below, or shipped with the package."""

from __future__ import annotations

from pathlib import Path

from autorecon.lang.diagnostics.edits import spelt
from autorecon.lang.diagnostics.faults import Diagnostic, SpaceError, did_you_mean
from autorecon.lang.resources import resource_folder
from autorecon.lang.source import Source, Span
from autorecon.lang.syntax.parse import read_source


def named_source(name: str, span: Span, code: str) -> Source:
    """The text of the file that `span` names; SpaceError with `code` if it cannot be used."""
    named = Path(name)
    near = span.source.path
    folders = [near.parent] if near else []
    folders.append(resource_folder("spaces"))
    if not name:
        raise _unusable(code, "no file is named", span, "write its name between the quotes")
    if named.is_absolute() or ".." in named.parts:
        help = "name a file in the same folder or below"
        raise _unusable(code, f"`{name}` leaves the folder", span, help)
    for folder in folders:
        if path := _file_within(folder, named):
            return read_source(path)
    known = {path.name for folder in folders for path in folder.glob("*.space")}
    places = " or ".join(dict.fromkeys(map(str, folders)))
    message, help = f"no file `{name}` in {places}", did_you_mean(name, known)
    within = Span(span.start + 1, span.end - 1, span.source)  # of the quotes
    fixes = spelt(within, name, known)
    raise SpaceError([Diagnostic(code, message, span, help, fixes=fixes)])


def _file_within(folder: Path, named: Path) -> Path | None:
    """The file, unless links lead out of the folder or no file can have such a name."""
    try:
        path = (folder / named).resolve()
        return path if path.is_file() and path.is_relative_to(folder.resolve()) else None
    except (OSError, ValueError, RuntimeError):  # too long, a null byte, a ring of links
        return None


def _unusable(code: str, message: str, span: Span, help: str) -> SpaceError:
    return SpaceError([Diagnostic(code, message, span, help)])
