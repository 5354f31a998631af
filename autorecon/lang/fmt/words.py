"""A text as lines of words, each word with the comments that follow it.

The formatter never rebuilds a statement from the syntax tree: it keeps the words as they were
written and decides only what stands between them.
"""

from __future__ import annotations

from itertools import pairwise

import attrs

from autorecon.lang.syntax.parse import Recovered

Place = tuple[int, int]
"""Of a token or comment: where it begins and ends in the text."""


@attrs.define
class Comment:
    text: str
    own_line: bool
    blank: bool  # a blank line above


@attrs.define
class Word:
    """One token. `gap` is what to write before it unless it starts a row."""

    kind: str
    text: str
    blank: bool = False  # a blank line above
    ends: bool = False  # the last of its line
    gap: str = " "
    after: list[Comment] = attrs.field(factory=list)


@attrs.define
class Line:
    """A statement, a block's opening or its closing; without words, the end of the file."""

    depth: int
    words: list[Word]
    leading: list[Comment]

    @property
    def opens(self) -> bool:
        return bool(self.words) and self.words[-1].kind == "_BLOCK_OPEN"

    @property
    def closes(self) -> bool:
        return bool(self.words) and self.words[0].kind == "_BLOCK_CLOSE"


def read_lines(read: Recovered, kept_in: int) -> list[Line]:
    """The lines of a text without syntax faults; the last one holds only comments.

    A statement keeps comments in at most `kept_in` brackets; with deeper ones all go above it.
    """
    lines: list[Line] = []
    leading, words = _words(read)
    depth, start = 0, 0
    for end, word in enumerate(words, start=1):
        if not word.ends:
            continue
        line = Line(depth, words[start:end], leading)
        line.depth -= line.closes
        if _has_comments_to_clear(line.words) or _deepest_comment(line.words) > kept_in:
            _clear(line)
        depth = line.depth + line.opens
        lines.append(line)
        leading = [c for c in word.after if c.own_line]
        word.after = [c for c in word.after if not c.own_line]
        start = end
    return [*lines, Line(depth, [], leading)]


def _clear(line: Line) -> None:
    """Its comments go above it."""
    comments = [c for word in line.words[:-1] for c in word.after]
    for word in line.words[:-1]:
        word.after = []
    blank = line.words[0].blank and not line.leading
    line.words[0].blank &= not blank
    line.leading += [Comment(c.text, True, blank and c is comments[0]) for c in comments]


def _deepest_comment(words: list[Word]) -> int:
    """In how many brackets a comment stands, at most; -1 without one inside the line."""
    deepest, depth = -1, 0
    for word in words[:-1]:
        depth += (word.text in ("(", "{", "[")) - (word.text in (")", "}", "]"))
        deepest = max(deepest, depth) if word.after else deepest
    return deepest


def _has_comments_to_clear(words: list[Word]) -> bool:
    """Set operations, `(a | b) - c`, are not broken: whether one has comments in a group or before
    a sign."""
    declares = words[0].text in ("edge", "choice")
    if not declares and all(word.text != "->" for word in words):
        return False
    groups: list[bool] = []  # of every open bracket, whether it is a group or in one
    for before, word in pairwise(words):
        if word.text in (")", "}", "]") and groups:
            groups.pop()
        if word.text in ("(", "{", "["):
            group = word.text == "(" and before.kind not in ("NAME", "STRING")
            groups.append(group or any(groups[-1:]))
        if before.after and word.text in ("-", "&") and not groups:
            return True
        if word.after and any(groups[-1:]):
            return True
    return False


def _words(read: Recovered) -> tuple[list[Comment], list[Word]]:
    """The comments before the first word, and all words with the comments behind each."""
    words: dict[int, Word] = {}
    places = [(span.start, span.end) for span in read.comments]
    last = 0
    for token in read.tokens:
        if token.type == "_NL":
            words[last].ends = True
            continue
        start = token.start_pos
        last = max(last, start)
        words[start] = Word(token.type, str(token), ends=token.type == "_BLOCK_OPEN")
        places.append((start, token.end_pos))
    leading: list[Comment] = []
    following = leading
    text = read.source.text
    for line_ends, (start, end) in _above(places, text):
        if start in words:
            words[start].blank = line_ends > 1
            following = words[start].after
        else:
            comment = text[start:end].rstrip(" \t\r")
            following.append(Comment(comment, line_ends > 0 or following is leading, line_ends > 1))
    return leading, list(words.values())


def _above(places: list[Place], text: str) -> list[tuple[int, Place]]:
    """Each place in the order of the text, with the number of line ends above it."""
    places = sorted(places)
    ends = [text.count("\n", end, start) for (_, end), (start, _) in pairwise(places)]
    return list(zip([0, *ends], places, strict=False))  # an empty text has none
