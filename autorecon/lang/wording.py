"""Lists and counts as a sentence has them, and what others wrote as it is safe to show."""

from __future__ import annotations

from collections.abc import Sequence


def some(names: Sequence[str], most: int) -> str:
    """`a, b and 3 more`: as many as are read, and how many there are beside them."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def plural(number: int, word: str) -> str:
    """1 seed, 2 seeds."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def brief(text: str, most: int = 2000) -> str:
    """The text without its middle where it is longer, as what repeats a file's value may be."""
    return text if len(text) <= most else f"{text[: most * 3 // 4]} ... {text[-most // 5 :]}"


_SIGNS = {
    **{code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"},
    0x7F: "\u2421",
    # What C1 has for escapes, and what turns the direction of a line.
    **dict.fromkeys([*range(0x80, 0xA0), 0x200E, 0x200F, *range(0x2028, 0x202F)], "\ufffd"),
    **dict.fromkeys(range(0x2066, 0x206A), "\ufffd"),
}
_SIGNS_OF_LINES = {**_SIGNS, 9: "\u2409", 10: "\u240a"}


def visible(text: str, lines: bool = True) -> str:
    """The text with a sign for each character that a terminal would obey; as long as it was.

    Ends of lines and tabs stay where it may have several `lines`.
    """
    return text.translate(_SIGNS if lines else _SIGNS_OF_LINES)
