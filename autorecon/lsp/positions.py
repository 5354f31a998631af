"""Places in a text as an editor counts them: lines, and units of some encoding within a line."""

from __future__ import annotations

import re
from bisect import bisect_right

from lsprotocol import types

from autorecon.lang import Span

_LINE_END = re.compile(r"\r\n|\r|\n")
_UNIT_BYTES = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
DEFAULT = types.PositionEncodingKind.Utf16.value


class Positions:
    """Offsets of one text to lines and columns, both from 0, and back.

    What lies outside of the text is taken for its nearest place: an editor and the server may for
    a moment not have the same text.
    """

    def __init__(self, text: str, encoding: str = DEFAULT) -> None:
        self._text = text
        self._codec = encoding if encoding == "utf-8" else f"{encoding}-le"
        self._bytes = _UNIT_BYTES[encoding]
        ends = list(_LINE_END.finditer(text))
        self._starts = [0, *(end.end() for end in ends)]
        self._ends = [*(end.start() for end in ends), len(text)]
        self._is_plain = text.isascii()

    def position(self, offset: int) -> types.Position:
        return types.Position(*self.place(offset))

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, of which there may be too many for a Position each."""
        line = bisect_right(self._starts, offset) - 1
        return line, self.length(self._starts[line], offset)

    def length(self, start: int, end: int) -> int:
        """Of a piece of one line."""
        return end - start if self._is_plain else self._units(self._text[start:end])

    def range(self, start: int, end: int) -> types.Range:
        return types.Range(self.position(start), self.position(end))

    def span(self, span: Span) -> types.Range:
        return self.range(span.start, span.end)

    def offset(self, position: types.Position) -> int:
        if position.line >= len(self._starts):
            return len(self._text)
        start, end = self._starts[position.line], self._ends[position.line]
        if self._is_plain:
            return min(start + position.character, end)
        units = 0
        for index in range(start, end):
            if units >= position.character:
                return index
            units += self._units(self._text[index])
        return end

    def _units(self, text: str) -> int:
        # An editor may have half of a character.
        return len(text.encode(self._codec, "surrogatepass")) // self._bytes
