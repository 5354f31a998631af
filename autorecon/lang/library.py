"""Finding a space: a file, or the name of one that ships with the package."""

from __future__ import annotations

from pathlib import Path

from autorecon.lang.diagnostics.faults import Diagnostic, SpaceError, did_you_mean
from autorecon.lang.resources import resource_folder


def shipped_spaces() -> dict[str, Path]:
    """The spaces of the package by name."""
    return {path.stem: path for path in sorted(resource_folder("spaces").glob("*.space"))}


def find_space(name: str | Path) -> Path:
    """The file of that path, else the shipped space of that name; SpaceError (E0103) if neither."""
    path = Path(name)
    # A folder may be called like a shipped space, as the package's own is in a checkout.
    if path.exists() and not path.is_dir():
        return path
    shipped = shipped_spaces()
    stem = path.name.removesuffix(".space")
    if len(path.parts) == 1 and stem in shipped:
        return shipped[stem]
    help = did_you_mean(stem, shipped)
    raise SpaceError([Diagnostic("E0103", f"there is no file {path}", help=help)])
