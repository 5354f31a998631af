"""The grammar's tables. Lark makes them of `space.lark`; they are shipped beside it as JSON, so
that a start needs neither Lark nor its 0.2 s, and nothing is ever written for a parse.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import NamedTuple

from autorecon.lang.resources import resource_folder

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


@cache
def tables() -> Tables:
    """Those that are shipped; made anew in memory where the grammar beside them is another."""
    folder = resource_folder("grammars")
    text = (folder / "space.lark").read_bytes()
    shipped = json.loads((folder / "space.json").read_bytes())
    if shipped.pop("grammar") == digest(text):
        return Tables(**shipped)
    from autorecon.lang.syntax.make_tables import made

    return made(text.decode())


def digest(text: bytes) -> str:
    """By which tables name the grammar that they are of."""
    return hashlib.sha256(text.replace(b"\r\n", b"\n")).hexdigest()
