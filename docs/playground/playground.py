"""What the playground's worker asks of the language; all answers are JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

from autorecon.graph.draw.draw import dot_source
from autorecon.graph.draw.inline import inline_svg
from autorecon.graph.draw.render import DrawError
from autorecon.graph.space import Space, proved
from autorecon.lang import Source, SpaceError, check
from autorecon.lang.fmt.printer import format_source
from autorecon.lang.operations.catalogue import CATALOGUE
from autorecon.lang.syntax.tables import tables
from autorecon.lang.syntax.tokens import lex
from autorecon.watch.view import View

sys.set_int_max_str_digits(0)  # counts of a checked space have as many digits as they have
NAME = "playground.space"
_COLOURS = {"COMMENT": "comment", "STRING": "string", "NUMBER": "number", "AMOUNT": "number"}


def look(text: str) -> str:
    """Faults, figures, colours as [start, end, class], and the drawing as DOT text."""
    source = Source(text, NAME)
    view = View.of(lambda: proved(Space(check(source))))
    found = view.values(source) | {"colours": list(_colours(text))}
    if view.space:
        found["dot"] = dot_source(view.space)
    return json.dumps(found)


def picture(svg: str, name: str) -> str:
    """A drawing that was laid out, checked to be nothing but a picture; else what is wrong."""
    try:
        return json.dumps({"svg": inline_svg(svg, name)})
    except DrawError as error:
        return json.dumps({"failed": f"Not shown: {error}."})


def tidy(text: str) -> str:
    """The text in its one layout; as it is where it has faults."""
    try:
        return json.dumps(format_source(Source(text, NAME)))
    except SpaceError:
        return json.dumps(text)


def _colours(text: str) -> Any:
    keywords = set(tables().keywords)
    for token in lex(text):
        name = "word" if token in keywords else "operation" if token in CATALOGUE else None
        if name := _COLOURS.get(token.type, name):
            yield token.start_pos, token.end_pos, name
