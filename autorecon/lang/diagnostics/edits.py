"""What mends a fault in its text, where that is known, for `autorecon fix` and editors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

import attrs

from autorecon.lang.source import Span

MAX_COMPARED = 2_000  # names that a misspelt one is compared with


@attrs.frozen
class Edit:
    """Another text in place of a span; an empty span is where it is put in."""

    span: Span
    text: str


@attrs.frozen
class Fix:
    """Edits that mend a fault together; they do not overlap.

    `safe` where the text can have meant nothing else, or where its meaning stays. Of a diagnostic
    with several, each is another way.
    """

    edits: tuple[Edit, ...]
    safe: bool = False

    @classmethod
    def of(cls, span: Span, text: str, safe: bool = False) -> Fix:
        return cls((Edit(span, text),), safe)

    @property
    def title(self) -> str:
        """As a menu shows it."""
        edit = self.edits[0]
        old, new = edit.span.text.strip(), edit.text.strip()
        if not new:
            return f"remove `{old}`"
        return f"write `{new}` in place of `{old}`" if old else f"write `{new}`"


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Up to three names that may have been meant. One that differs in case and `_` alone was."""
    names = sorted(set(known))[:MAX_COMPARED]
    same = [known for known in names if _plain(known) == _plain(name) != ""]
    return same or get_close_matches(name, names, n=3, cutoff=0.6)


def spelt(span: Span, name: str, known: Iterable[str]) -> tuple[Fix, ...]:
    """The fixes of a misspelt name with which the span begins, as written."""
    if not re.match(rf"{re.escape(name)}(?!\w)", span.text):
        return ()
    place = Span(span.start, span.start + len(name), span.source)
    found = nearest(name, known)
    safe = len(found) == 1 and _plain(found[0]) == _plain(name)
    return tuple(Fix.of(place, meant, safe) for meant in found)


def _plain(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")
