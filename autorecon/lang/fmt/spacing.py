"""Whether a space stands between two words of a statement."""

from __future__ import annotations

from enum import IntEnum

from autorecon.lang.fmt.words import Word

OPENERS, CLOSERS = ("(", "[", "{"), (")", "]", "}")
_DECLARATIONS = ("space", "genotype", "block", "op")
_FACTORS = ("*", "/", "%")
# A minus after one of these is a sign.
_BEFORE_SIGN = (*OPENERS, *_FACTORS, "+", "-", ",", "=")


class Width(IntEnum):
    """How far words stand apart: `let side = size / 8`, or `conv(3, out=2*width + 1)`."""

    WIDE = 0
    CLOSE = 1


def space(words: list[Word]) -> None:
    """Set the gap of every word of a statement.

    Arguments, shapes and sets are close inside; values and declared parameters are wide.
    """
    open_brackets: list[Width] = []
    declaring = words[0].text in _DECLARATIONS
    before, sign = None, False
    for word in words:
        inside = open_brackets[-1] if open_brackets else Width.WIDE
        apart = before is not None and not sign and _apart(before, word, inside)
        word.gap = " " if apart else ""
        sign = word.text == "-" and (before is None or before.text in _BEFORE_SIGN)
        if word.text in OPENERS:
            open_brackets.append(_width_within(before, word, inside, declaring))
        elif word.text in CLOSERS and open_brackets:
            open_brackets.pop()
        elif word.text == "=" and not open_brackets:
            declaring = False  # what follows is a value
        before = word


def _apart(before: Word, word: Word, inside: Width) -> bool:
    if word.kind == "_BLOCK_OPEN":
        return True
    if before.text in (*OPENERS, ".") or word.text in (*CLOSERS, ",", ".", ":"):
        return False
    if word.text == "(" and before.kind in ("NAME", "STRING"):
        return False
    if inside is Width.CLOSE:
        return not any(w.text in (*_FACTORS, "=") for w in (before, word))
    return True


def _width_within(before: Word | None, word: Word, inside: Width, declaring: bool) -> Width:
    named = before is not None and before.kind in ("NAME", "STRING")
    if word.text == "(" and not named:
        return inside  # a group
    return Width.WIDE if declaring and word.text == "(" else Width.CLOSE
