"""Whether a space stands between two words of a statement."""

from __future__ import annotations

from enum import IntEnum

from autorecon.lang.fmt.words import Word

OPENERS, CLOSERS = ("(", "[", "{"), (")", "]", "}")
_DECLARATIONS = ("space", "genotype", "block", "op")
_WITH_SHAPES = ("in", "out", "node", "input", "output")
_JOINED = ("^", "..", ".")
_FACTORS = ("*", "/", "%", "=")
_OPERATORS = (*_FACTORS, "+", "-")


class Width(IntEnum):
    """How far words stand apart: `size / 8 + 1`, `conv(3, out=2*width + 1)`, `B[2*i-1]`."""

    WIDE = 0
    CLOSE = 1
    TIGHT = 2


def space(words: list[Word]) -> None:
    """Set the gap of every word of a statement.

    Arguments, shapes and sets are close inside; values and declared parameters are wide; indices,
    exponents and ranges are tight.
    """
    widths = [Width.WIDE]  # of the statement and of every open bracket
    declaring = words[0].text in _DECLARATIONS
    shape = shape_start(words)
    before, sign, ranged = None, False, False
    for index, word in enumerate(words):
        width = Width.TIGHT if ranged else widths[-1]
        joined = word.text == "[" and index != shape and _is_indexed(before)
        apart = before is not None and not sign and not joined and _apart(before, word, width)
        word.gap = " " if apart else ""
        sign = word.text == "-" and not _is_operand(before)
        if word.text in OPENERS:
            widths.append(Width.TIGHT if joined else _within(before, word, width, declaring))
        elif word.text in CLOSERS and widths[1:]:
            widths.pop()
        elif word.text == "=" and not widths[1:]:
            declaring = False  # what follows is a value
        ranged = _in_range(before, word, ranged)
        before = word


def shape_start(words: list[Word]) -> int | None:
    """Where the sizes of a node begin: its last `[`; the others hold indices."""
    label = words[0].text == "input" and words[-1].text == ")"
    if words[0].text not in _WITH_SHAPES or label:
        return None
    found, depth = None, 0
    for index, word in enumerate(words):
        if depth == 0 and word.text in ("merge", "then"):
            break
        if depth == 0 and word.text == "[":
            found = index
        depth += (word.text in OPENERS) - (word.text in CLOSERS)
    return found


def _apart(before: Word, word: Word, width: Width) -> bool:
    if word.kind == "_BLOCK_OPEN":
        return True
    if before.text in (*OPENERS, *_JOINED) or word.text in (*CLOSERS, *_JOINED, ",", ":"):
        return False
    if word.text == "(" and before.kind in ("NAME", "STRING"):
        return False
    close = (), _FACTORS, _OPERATORS
    return not any(w.text in close[width] for w in (before, word))


def _is_operand(word: Word | None) -> bool:
    return word is not None and (word.kind in ("NAME", "NUMBER") or word.text in CLOSERS)


def _is_indexed(word: Word | None) -> bool:
    """Whether a bracket behind it holds an index, and not a list."""
    return word is not None and (word.kind == "NAME" or word.text == "]")


def _within(before: Word | None, word: Word, width: Width, declaring: bool) -> Width:
    if word.text != "(":
        return Width.CLOSE
    if before is not None and before.text == "^":
        return Width.TIGHT
    if before is None or before.kind not in ("NAME", "STRING"):
        return width  # a group
    return Width.WIDE if declaring else Width.CLOSE


def _in_range(before: Word | None, word: Word, ranged: bool) -> bool:
    """Whether `in` and a range go before: `for i in 1..n+1`, `(width = 64 in 8..512)`."""
    if word.text == "in":
        return before is not None and before.text not in ("(", ",")
    return ranged and word.text not in (",", "{")
