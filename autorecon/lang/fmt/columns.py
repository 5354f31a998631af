"""Columns: runs of like statements have their parts below one another."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from autorecon.lang.fmt.spacing import CLOSERS, OPENERS, shape_start
from autorecon.lang.fmt.words import Line, Word

# A longer part stands out of its column instead of moving everybody else's.
MAX_WIDTH = 40

Starts = tuple[int | None, ...]


@attrs.frozen
class Row:
    """A statement's kind, and where each of its columns begins: a word's index, None if absent."""

    kind: str
    starts: Starts
    words: list[Word]


def align(lines: Iterable[Line]) -> None:
    """Widen the gaps of every run: statements of one kind without a blank line between them."""
    run: list[Row] = []
    for line in lines:
        row = _row(line)
        goes_on = run and row and row.kind == run[0].kind and not _blank_above(line)
        if not goes_on:
            _align_run(run)
            run = []
        if row:
            run.append(row)
    _align_run(run)


def _blank_above(line: Line) -> bool:
    return line.words[0].blank or any(comment.blank for comment in line.leading)


def text(words: Iterable[Word]) -> str:
    """Words side by side, without the first one's gap."""
    return "".join(word.gap + word.text for word in words).lstrip(" ")


def _align_run(run: list[Row]) -> None:
    column = 0
    for index in range(1, max((len(row.starts) for row in run), default=0)):
        cells = [_cell(row, index - 1) for row in run]
        widths = [len(text(cell)) for cell in cells]
        width = max((w for w in widths if w <= MAX_WIDTH), default=0)
        column += width + 1 if any(widths) else 0
        for row in run:
            if (start := row.starts[index]) is not None:
                row.words[start].gap = ""
                row.words[start].gap = " " * max(1, column - len(text(row.words[:start])))


def _cell(row: Row, index: int) -> list[Word]:
    start = row.starts[index]
    if start is None:
        return []
    end = next((s for s in row.starts[index + 1 :] if s is not None), len(row.words))
    return row.words[start:end]


def _row(line: Line) -> Row | None:
    if not line.words or line.opens or line.closes:
        return None
    for find in (_edge_type, _choice, _node, _edge):
        row = find(line.words)
        if row is None:
            continue
        aligned = line.words[: max(s for s in row.starts if s is not None)]
        # A comment in a column breaks the line there.
        return None if any(word.after for word in aligned) else row
    return None


def _edge_type(words: list[Word]) -> Row | None:
    """`edge NAME CONTRACT = candidates`"""
    if words[0].text != "edge":
        return None
    equals = _find(words, "=")
    return Row("edge type", (0, 1, 2 if equals == 3 else None, equals), words)


def _choice(words: list[Word]) -> Row | None:
    """`choice NAME apart = options`"""
    if words[0].text != "choice" or not (equals := _find(words, "=")):
        return None
    apart = equals - 1 if words[equals - 1].kind == "NAME" and equals > 2 else None
    return Row("choice", (0, 1, apart, equals), words)


def _node(words: list[Word]) -> Row | None:
    """`node NAMES [shape] merge ... then ...`"""
    if words[0].text not in ("in", "out", "node"):
        return None
    return Row("node", (0, 1, shape_start(words), _find(words, "merge", "then")), words)


def _edge(words: list[Word]) -> Row | None:
    """`TYPE sources -> targets`, or the same behind `optional`"""
    if not _find(words, "->"):
        return None
    if words[0].text == "optional":
        return Row("optional edge", (0, 1, 2), words)
    typed = words[0].kind == "NAME" and (words[1].kind == "NAME" or words[1].text == "{")
    return Row("edge", (0, 1), words) if typed else None


def _find(words: list[Word], *wanted: str) -> int | None:
    """The first of these words that stands in no bracket, or is one itself."""
    depth = 0
    for index, word in enumerate(words):
        if depth == 0 and word.text in wanted:
            return index
        depth += (word.text in OPENERS) - (word.text in CLOSERS)
    return None
