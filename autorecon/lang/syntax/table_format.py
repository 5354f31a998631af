"""The form of the grammar's tables, whoever makes or reads them."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

# What becomes of a part of a rule in its tree.
LEAVE_OUT, KEEP, EXPAND = range(3)


class Tables(NamedTuple):
    """`actions` by state: to shift or go to a state, or ~N to reduce by rule N.

    A rule has its name, its tree's name, what becomes of each part, and whether one part stands for
    itself.
    """

    start: int
    end: int
    actions: list[dict[str, int]]
    rules: list[tuple[str, str, list[int], bool]]
    terminals: dict[str, str]  # the text of each, empty if it has several
    keywords: dict[str, str]
    ignored: list[str]
    pattern: str


def digest(text: bytes) -> str:
    """By which tables name the grammar that they are of."""
    return hashlib.sha256(text.replace(b"\r\n", b"\n")).hexdigest()
