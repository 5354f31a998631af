"""Sizes of images: one number of pixels for square ones, else (height, width)."""

from __future__ import annotations

import re

Size = int | tuple[int, int]
"""As options, settings and records have it."""


def height_and_width(size: Size) -> tuple[int, int]:
    """Both numbers; raises ValueError where they are no whole numbers above 0."""
    both = size if isinstance(size, tuple | list) else (size, size)
    if len(both) != 2 or not all(type(side) is int and side > 0 for side in both):
        raise ValueError(
            f"a size is a whole number of pixels above 0, or height and width, not {size!r}"
        )
    height, width = both
    return height, width


def as_size(height: int, width: int) -> Size:
    """One number where they are the same."""
    return height if height == width else (height, width)


def parse_size(text: str) -> Size:
    """`224` or, height first, `224x160`; raises ValueError."""
    if not re.fullmatch(r"\d{1,6}(x\d{1,6})?", text):
        raise ValueError(f"a size is a number of pixels, or height and width as 224x160, not {text!r}")
    return as_size(*height_and_width(tuple(map(int, text.split("x"))) if "x" in text else int(text)))


def show_size(size: Size) -> str:
    """`224x160`, height first."""
    return "x".join(map(str, height_and_width(size)))
