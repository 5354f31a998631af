"""Formatting a text, and the proof that nothing but its layout has changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice, takewhile

from autorecon.lang.collection import without_collection
from autorecon.lang.diagnostics.faults import SpaceError
from autorecon.lang.fmt.columns import align
from autorecon.lang.fmt.rows import INDENT, Row, statement_rows
from autorecon.lang.fmt.spacing import space
from autorecon.lang.fmt.words import Line, read_lines
from autorecon.lang.source import Source
from autorecon.lang.syntax.parse import MAX_DEPTH, Recovered, recover


class FormatError(RuntimeError):
    """The formatter would have changed more than the layout: a fault of its own."""

    exit_code = 2


def format_source(source: Source) -> str:
    """The text in the one style, with the line ends that its first line has.

    Raises SpaceError for a text with syntax faults, and FormatError when the result has another
    syntax tree or other comments, or is not what formatting it again gives.
    """
    with without_collection():
        text = _proved(_read(source))
    return text.replace("\n", "\r\n") if _ends_with_return(source.text) else text


def _ends_with_return(text: str) -> bool:
    end = text.find("\n")
    return end > 0 and text[end - 1] == "\r"


def _read(source: Source) -> Recovered:
    read = recover(source, headless=True)
    if read.file is None:
        raise SpaceError(read.faults)
    return read


def _proved(before: Recovered) -> str:
    """Comments deep inside a statement may have no place there that lasts: then they go above."""
    for kept_in in (MAX_DEPTH, 1):
        text = _layout(before, kept_in)
        with suppress(FormatError):
            _prove(before, text)
            return text
    text = _layout(before, -1)
    _prove(before, text)
    return text


def _prove(before: Recovered, text: str) -> None:
    if text == before.source.text:
        return
    after = _read(Source(text, before.source.name))
    if after.file != before.file:
        raise _refusal(before, "change its meaning")
    if _comments(after) != _comments(before):
        raise _refusal(before, "lose or reorder its comments")
    if _layout(after) != text:
        raise _refusal(before, "not be stable")


def _comments(read: Recovered) -> list[str]:
    return [span.text.rstrip(" \t\r") for span in read.comments]


def _refusal(read: Recovered, fault: str) -> FormatError:
    return FormatError(
        f"formatting {read.source.name} would {fault}; it is left as it is "
        "(an internal error: please report it with the file)"
    )


def _layout(read: Recovered, kept_in: int = MAX_DEPTH) -> str:
    lines = read_lines(read, kept_in)
    for line in lines:
        if line.words:
            space(line.words)
    align(lines)
    rows: list[Row] = []
    for above, line in zip([None, *lines], lines, strict=False):
        new = _rows(line)
        _set_blanks(new, line, above)
        rows += new
    return "".join(_written(rows))


def _rows(line: Line) -> list[Row]:
    """The rows of a line with its comments above, and blank lines where the text has them."""
    indent = INDENT * line.depth
    inner = indent + INDENT * line.closes
    rows = [Row(inner, comment.text, blank=comment.blank) for comment in line.leading]
    if line.words:
        first, *others = statement_rows(line.words, indent)
        first.blank = line.words[0].blank
        rows += [first, *others]
    return rows


def _set_blanks(rows: list[Row], line: Line, above: Line | None) -> None:
    """One blank line around a body at the top level, none at the edges of a body or the file."""
    if not rows:
        return
    own = len(line.leading)  # the row that the statement starts with
    if line.closes:
        rows[own].blank = False
    elif line.opens and line.depth == 0 and not any(row.blank for row in rows[: own + 1]):
        rows[0].blank = True
    if above is None or above.opens:
        rows[0].blank = False
    elif above.closes and line.depth == 0 and not line.closes:
        rows[0].blank = True


def _written(rows: list[Row]) -> Iterator[str]:
    """The output; the comments of rows one below the other have one column."""
    column = 0
    for index, row in enumerate(rows):
        goes_on = index and rows[index - 1].comment and not row.blank
        if row.comment and not goes_on:
            column = max(r.indent + len(r.text) for r in _commented_run(rows, index)) + 2
        line = " " * row.indent + row.text
        yield "\n" * row.blank + (line.ljust(column) + row.comment if row.comment else line) + "\n"


def _commented_run(rows: list[Row], start: int) -> Iterator[Row]:
    yield rows[start]
    yield from takewhile(lambda row: row.comment and not row.blank, islice(rows, start + 1, None))
