"""The grammar's tables. Lark makes them of `space.lark`; they are shipped beside it as JSON, so
that a start needs neither Lark nor its 0.2 s, and nothing is ever written for a parse.
"""

from __future__ import annotations

import json
from functools import cache

from autorecon.lang.resources import resource_folder
from autorecon.lang.syntax.make_tables import made
from autorecon.lang.syntax.table_format import Tables, digest


@cache
def tables() -> Tables:
    """Those that are shipped; made anew in memory where the grammar beside them is another."""
    folder = resource_folder("grammars")
    text = (folder / "space.lark").read_bytes()
    shipped = json.loads((folder / "space.json").read_bytes())
    if shipped.pop("grammar") == digest(text):
        return Tables(**shipped)
    return made(text.decode())
