"""Who does a cell: a file that holds a name, which one worker makes and no other replaces.

Nothing here asks what time it is, nor trusts locks, which shared file systems may not have. A
worker that was given up, and lives on after all, finds that the claim is no longer its own.
"""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

from autorecon.reading import read_bounded

_LONGEST = 10_000
"""Bytes of a name."""


class ClaimLostError(BaseException):
    """Another worker was given what this one does; no `except Exception` on the way goes on."""


def take(path: Path, owner: str) -> bool:
    """Make the claim `owner`'s, and say whether it is: not where another has it already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_name(f".{path.name}.{uuid4().hex}")
    own.write_text(owner, "utf-8")
    try:
        os.link(own, path)  # whole or not at all, and never over another, on NFS as well
    except FileExistsError:
        pass  # perhaps by us: the answer to a first try can get lost
    finally:
        own.unlink()
    return holder(path) == owner


def holder(path: Path) -> str:
    """Who has it; "" for nobody."""
    try:
        return read_bounded(path, _LONGEST).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
