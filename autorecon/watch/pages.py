"""What both kinds of watched things need: a page, and when it is another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("live.js")


def page_of(title: str, **shown: Any) -> str:
    """The page of a text: `faults`, `more` of them, and `name`, `kind` and `rows` of a space."""
    from autorecon.report.templates import templates

    return templates("autorecon.watch").get_template("space.html").render(title=title, shown=shown)


def trouble(title: str, message: str) -> str:
    """The page of what cannot be shown."""
    return page_of(title, faults=[{"severity": "error", "text": message}], more=0)


def stamp(paths: Iterable[Path]) -> str:
    """Another one where a file was written, came or went."""
    found = sorted(f"{path}\0{_state(path)}" for path in paths)
    return hashlib.blake2b("\n".join(found).encode("utf-8", "replace"), digest_size=12).hexdigest()


def _state(path: Path) -> str:
    try:
        state = path.stat()
    except (OSError, ValueError):
        return ""
    return f"{state.st_mtime_ns} {state.st_size} {state.st_ino}"
