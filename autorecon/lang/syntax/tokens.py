"""Text to tokens, by one regular expression made of the grammar's terminals."""

from __future__ import annotations

import re
from collections.abc import Iterator

from autorecon.lang.syntax.tables import tables


class Token(str):
    """A piece of text, the terminal that it is, and where it stands."""

    __slots__ = ("end_pos", "start_pos", "type")
    type: str
    start_pos: int
    end_pos: int

    def __new__(cls, type: str, value: str, start_pos: int = 0, end_pos: int = 0) -> Token:
        token = super().__new__(cls, value)
        token.type, token.start_pos, token.end_pos = type, start_pos, end_pos
        return token

    def update(self, type: str, value: str | None = None) -> Token:
        """The same place read as something else."""
        text = str(self) if value is None else value
        return Token(type, text, self.start_pos, self.end_pos)

    @classmethod
    def at(cls, place: Token, type: str, value: str) -> Token:
        """A token that the text does not have, at the place of another."""
        return cls(type, value, place.start_pos, place.end_pos)


def lex(text: str) -> Iterator[Token]:
    """All tokens in order, comments among them; a character without a meaning is a BAD one."""
    known = tables()
    keywords, ignored = known.keywords, known.ignored
    new = str.__new__  # a call for each token would take a quarter of the time
    for match in re.finditer(known.pattern, text):
        kind = match.lastgroup
        if kind in ignored:
            continue
        value = match[0]
        if kind == "NAME":
            kind = keywords.get(value, kind)
        token = new(Token, value)
        token.type = kind  # type: ignore[assignment]
        token.start_pos, token.end_pos = match.span()
        yield token
