"""The grammar file: finding it, and loading it once.

Lark's table for it is kept in the user's own cache folder; where that cannot be written, every
start pays about 50 ms to build it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from lark import Lark, Token


def resource_folder(name: str) -> Path:
    """A folder of the distribution (`grammars`, `spaces`): in the wheel or beside the package."""
    packaged = Path(str(files("autorecon"))) / name
    return packaged if packaged.is_dir() else packaged.parent.parent / name


class _KeepTokens:
    """Keeps the terminals that no rule mentions; the layout pass needs the whole token list."""

    always_accept = ("COMMENT", "BAD")

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


@cache
def grammar() -> Lark:
    text = (resource_folder("grammars") / "space.lark").read_text(encoding="utf-8")
    return Lark(
        text,
        parser="lalr",
        lexer="basic",
        propagate_positions=True,
        maybe_placeholders=False,
        postlex=_KeepTokens(),
        cache=_cache_path(text) or False,
    )


def _cache_path(text: str) -> str | None:
    """A file in a folder that only this user can write, or None: Lark trusts what is there."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = Path(base) / "autorecon"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = folder.stat()
    except OSError:
        return None
    if status.st_uid != os.getuid() or status.st_mode & 0o022 or not os.access(folder, os.W_OK):
        return None
    return str(folder / f"space-{hashlib.sha256(text.encode()).hexdigest()[:16]}.table")
