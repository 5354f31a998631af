"""Lists and counts as a sentence has them."""

from __future__ import annotations

from collections.abc import Sequence


def some(names: Sequence[str], most: int) -> str:
    """`a, b and 3 more`: as many as are read, and how many there are beside them."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def plural(number: int, word: str) -> str:
    """1 seed, 2 seeds."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
