"""What stands before the cursor: the tokens of the statement so far, and which call they are in."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from autorecon.lang.syntax.automaton import Parser, Unexpected
from autorecon.lang.syntax.tokens import Token
from autorecon.lsp.documents import Document

_BLOCK = ("BLOCK", "NAME", "_BLOCK_OPEN")
_BODY = ("IF", "TRUE", "_BLOCK_OPEN")
_ENDS = ("_NL", "_BLOCK_OPEN", "_BLOCK_CLOSE")
_CLOSES = {")": "(", "]": "[", "}": "{"}


@attrs.frozen
class Cursor:
    """`tokens` are those of the statement before the `word` that is being written."""

    tokens: tuple[Token, ...]
    word: str
    start: int  # of the word
    # The first words of the statements whose bodies are open: "block", "for", "if".
    bodies: tuple[str, ...]

    @property
    def opened(self) -> list[int]:
        """The places, among the tokens, of brackets that are still open."""
        found: list[int] = []
        for index, token in enumerate(self.tokens):
            if token in ("(", "[", "{"):
                found.append(index)
            elif token in _CLOSES and found:
                found.pop()
        return found

    @property
    def instance(self) -> str | None:
        """The name before the dot that the cursor is behind, as in `B[1].` and `B1.{a, `."""
        brackets = self.opened[-1:] if self.tokens[-1:] and self.tokens[-1] != "." else []
        before = self.tokens[: brackets[0]] if brackets else self.tokens
        if before[-1:] != (".",) or (brackets and self.tokens[brackets[0]] != "{"):
            return None
        depth = 0
        for token in reversed(before[:-1]):
            depth += (token == "]") - (token == "[")
            if depth == 0 and token.isidentifier():
                return str(token)
        return None

    @property
    def call(self) -> tuple[str, list[Token]] | None:
        """The name before the innermost parenthesis that is open, and what stands in it."""
        for index in reversed(self.opened):
            if self.tokens[index] == "(" and index and self.tokens[index - 1].isidentifier():
                return str(self.tokens[index - 1]), list(self.tokens[index + 1 :])
        return None

    def accepts(self) -> set[str]:
        """The terminals that the grammar takes here; none after what it does not take."""
        parser = Parser()
        in_block = "block" in self.bodies
        inside = (*_BLOCK * in_block, *_BODY * (len(self.bodies) > in_block))
        try:
            for token in (*(Token(kind, "") for kind in inside), *self.tokens):
                parser.feed(token)
        except Unexpected:
            return set()
        return parser.accepts()


def cursor(document: Document, offset: int) -> Cursor:
    text = document.text
    start = offset
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    tokens = [t for t in document.recovered.tokens if t.end_pos <= start and _is_there(t, text)]
    last = next((i for i in range(len(tokens), 0, -1) if tokens[i - 1].type in _ENDS), 0)
    return Cursor(tuple(tokens[last:]), text[start:offset], start, _open_bodies(tokens[:last]))


def _is_there(token: Token, text: str) -> bool:
    """Whether the text has it: brackets that are mended, and the last line's end, it has not."""
    written = text[token.start_pos : token.end_pos]
    return "\n" in written if token.type == "_NL" else written == token


def _open_bodies(tokens: Sequence[Token]) -> tuple[str, ...]:
    found: list[str] = []
    first = ""  # of the statement
    for token in tokens:
        if token.type == "_BLOCK_OPEN":
            found.append(first)
        elif token.type == "_BLOCK_CLOSE" and found:
            found.pop()
        first = "" if token.type in _ENDS else first or str(token)
    return tuple(found)
