"""A source text and places in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path

import attrs

# A generator fits in a page; a megabyte is already a program nobody reads.
MAX_BYTES = 1_000_000
MAX_COLUMNS = 100  # of a line as the formatter and the genotypes have it


@attrs.frozen(eq=False)
class Source:
    """The text of one `.space` file; `name` is how messages call it, `path` is None for text.

    Nobody has seen a text that is written from a graph: its `places` say of each line what of the
    graph it is, as `edge a->b`, and messages name that. Files that the text names are read, but for
    those that an editor has `opened`, by their resolved paths.
    """

    text: str
    name: str = "<text>"
    path: Path | None = None
    places: tuple[str, ...] = ()
    opened: Mapping[Path, Source] = attrs.field(factory=dict, repr=False)
    _cache: dict = attrs.field(factory=dict, init=False, repr=False)

    @property
    def line_starts(self) -> list[int]:
        if "lines" not in self._cache:
            ends = (i + 1 for i, c in enumerate(self.text) if c == "\n")
            self._cache["lines"] = [0, *ends]
        return self._cache["lines"]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def place(self, offset: int) -> str:
        """How messages call the place of an offset."""
        line, column = self.position(offset)
        return self.places[line - 1] if self.places else f"{self.name}:{line}:{column}"

    def line(self, number: int) -> str:
        """The text of a line counted from 1, without its line end."""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")


@attrs.frozen
class Span:
    """Two offsets and the source they count in; line and column are computed when shown."""

    start: int
    end: int
    source: Source = attrs.field(repr=False, eq=False)

    def to(self, other: Span) -> Span:
        return Span(self.start, other.end, self.source)

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]
