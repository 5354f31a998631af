"""Where the distribution's own files are."""

from __future__ import annotations

from pathlib import Path


def resource_folder(name: str) -> Path:
    """A folder of the distribution (`grammars`, `spaces`): in the wheel or beside the package."""
    package = Path(__file__).parents[1]
    return package / name if (package / name).is_dir() else package.parent / name
