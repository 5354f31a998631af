"""Rows: where a statement breaks, because it is long or because a comment ends a row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import attrs

from autorecon.lang.fmt.columns import text
from autorecon.lang.fmt.spacing import CLOSERS, OPENERS
from autorecon.lang.fmt.words import Comment, Word
from autorecon.lang.source import MAX_COLUMNS

INDENT = 2
MAX_HANG = 60  # candidates that would start further right go to the left


@attrs.define
class Row:
    """One line of the output; a comment on a line of its own has no other text."""

    indent: int
    text: str
    comment: str = ""
    blank: bool = False  # a blank line above


def statement_rows(words: list[Word], indent: int) -> list[Row]:
    """The rows of one statement that begins at column `indent`."""
    # A row begins with its separator: what is said behind one belongs to the row above.
    for before, word in pairwise(words):
        if word.text in ("|", ">>"):
            for comment in word.after:
                comment.own_line |= bool(before.after)
                before.after.append(comment)
            word.after = []
    rows = _Rows()
    rows.lay(words, indent, indent, indent + INDENT)
    return rows.rows


@attrs.define
class _Rows:
    rows: list[Row] = attrs.field(factory=list)

    def lay(self, words: list[Word], column: int, indent: int, below: int) -> None:
        """Add words that begin at `column`; brackets that break go back to `indent`.

        Comments on lines of their own behind the last word go to column `below`.
        """
        commented = any(word.after for word in words[:-1])
        long = column + len(text(words)) > MAX_COLUMNS
        if not commented and not long:
            return self._add(words, column, below)
        rule = words[0].text in ("rule", "and", "then")
        for separator, broken in _OF_RULES if rule else _SEPARATORS:
            if (long or broken(words)) and len(_parts(words, separator)) > 1:
                return self._split(words, separator, column, indent, below)
        bracket = _bracket(words, commented)
        if bracket is None:
            return self._add(words, column, below)
        return self._explode(words, bracket, column, indent, below)

    def _split(
        self, words: list[Word], separator: str, column: int, indent: int, below: int
    ) -> None:
        """`= a | b`, `>> a >> b`: the parts behind the first one stand below it."""
        first, *others = _parts(words, separator)
        hang = _hang(first, separator, column, indent)
        rest = _filled([first, *others], column, hang) if separator == "|" else [first, *others]
        for index, part in enumerate(rest):
            start = hang if index else column
            after = hang if index < len(rest) - 1 else below
            self.lay(part, start, start if index else indent, after)

    def _explode(
        self, words: list[Word], bracket: tuple[int, int], column: int, indent: int, below: int
    ) -> None:
        """The bracket's items on rows of their own, and its closing back at `indent`."""
        start, end = bracket
        inner = indent + INDENT
        self._add(words[: start + 1], column, inner)
        items = _parts(words[start + 1 : end], ",")
        commented = any(word.after for word in words[start:end])
        for row in items if commented else _filled(items, inner, inner):
            self.lay(row, inner, inner, inner)
        self.lay(words[end:], indent, indent, below)

    def _add(self, words: list[Word], column: int, below: int) -> None:
        """A row; comments between its words go above it, all but one that can end it."""
        comments = [c for word in words[:-1] for c in word.after]
        behind = [c for c in words[-1].after if not c.own_line]
        if not behind and comments and not comments[-1].own_line:
            behind = [comments.pop()]
        self._comments(comments, column + INDENT * (words[0].text in CLOSERS))
        self.rows.append(Row(column, text(words), behind[0].text if behind else ""))
        self._comments([c for c in words[-1].after if c.own_line], below)

    def _comments(self, comments: list[Comment], column: int) -> None:
        self.rows += [Row(column, comment.text) for comment in comments]


def _depths(words: list[Word]) -> Iterator[tuple[int, Word]]:
    """Each word with the number of brackets around it; brackets are inside themselves."""
    depth = int(words[0].text in CLOSERS)  # the rest of a statement whose bracket broke
    for word in words:
        depth += word.text in OPENERS
        yield depth, word
        depth -= word.text in CLOSERS


def _after_equals(words: list[Word]) -> bool:
    """Whether a comment stands among the candidates."""
    heads = [i for i, (depth, w) in enumerate(_depths(words)) if depth == 0 and w.text == "="]
    return any(word.after for word in words[heads[-1] if heads else 0 : -1])


def _outside_brackets(words: list[Word]) -> bool:
    """Whether a comment stands between two operations of a pipeline."""
    depths = [depth - (word.text in CLOSERS) for depth, word in _depths(words)]
    return any(w.after for depth, w in zip(depths, words[:-1], strict=False) if depth == 0)


def _parts(words: list[Word], separator: str) -> list[list[Word]]:
    """Words cut before each separator outside brackets, or behind each comma."""
    parts: list[list[Word]] = [[]]
    for depth, word in _depths(words):
        found = depth == 0 and word.text == separator
        if found and separator != ",":
            parts.append([])
        parts[-1].append(word)
        if found and separator == ",":
            parts.append([])
    return [part for part in parts if part]


def _hang(first: list[Word], separator: str, column: int, indent: int) -> int:
    """The column of the parts below the first: candidates and steps stand under one another."""
    if separator in ("then", "and"):
        return indent + INDENT
    heads = ("=",) if separator == "|" else ("=", "then", "|")
    found = [i for i, (depth, w) in enumerate(_depths(first)) if depth == 0 and w.text in heads]
    if not found or any(word.after for word in first[: found[-1]]):
        return indent + INDENT
    # `|` stands under `=`, and `>>` under the name behind it.
    place = found[-1] + (separator == ">>")
    hang = column + len(text(first[: place + 1])) - len(first[place].text)
    return hang if hang <= MAX_HANG else indent + INDENT


def _filled(parts: list[list[Word]], column: int, hang: int) -> list[list[Word]]:
    """As many parts a row as fit; one a row if there are comments or pipelines among them."""
    words = [word for part in parts for word in part]
    if any(w.text == ">>" for w in words) or any(w.after for w in words[:-1]):
        return parts
    rows = [parts[0]]
    for part in parts[1:]:
        start = hang if rows[1:] else column
        if start + len(text([*rows[-1], *part])) <= MAX_COLUMNS:
            rows[-1] = [*rows[-1], *part]
        else:
            rows.append(part)
    return rows


def _bracket(words: list[Word], commented: bool) -> tuple[int, int] | None:
    """The bracket to break: the first with a comment inside, else the longest."""
    found: list[tuple[int, int]] = []
    start = 0
    for index, (depth, word) in enumerate(_depths(words)):
        if depth == 1 and word.text in OPENERS:
            start = index
        elif depth == 1 and word.text in CLOSERS and index > start + 1:
            found.append((start, index))
    if commented:
        return next((f for f in found if any(w.after for w in words[f[0] : f[1]])), None)
    return max(found, key=lambda f: len(text(words[f[0] : f[1]])), default=None)


# Where statements break, and whether comments make them; the parts of a rule come first.
_SEPARATORS = (("|", _after_equals), (">>", _outside_brackets))
_OF_RULES = (("then", _outside_brackets), ("and", _outside_brackets), *_SEPARATORS)
