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
            f"a size is a whole number of pixels above 0, or height and width, not {size!r:.60}"
        )
    height, width = both
    return height, width


def is_image_shape(shape: object) -> bool:
    """Whether this is (channels, height, width), whole numbers above 0."""
    given = shape if isinstance(shape, tuple | list) else ()
    return len(given) == 3 and all(type(part) is int and part > 0 for part in given)


def as_size(height: int, width: int) -> Size:
    """One number where they are the same."""
    return height if height == width else (height, width)


def structured_size(value: object) -> Size:
    """A size as files have it, a number or a list of two; raises ValueError."""
    pair = tuple(value) if isinstance(value, list) else value
    return as_size(*height_and_width(pair))  # type: ignore[arg-type]


def size_parameters(size: Size) -> dict[str, int]:
    """The parameters of spaces by which their images get this size."""
    height, width = height_and_width(size)
    both = {"rows": height, "columns": width}
    return {"size": height, **both} if height == width else both


def parse_size(text: str) -> Size:
    """`224` or, height first, `224x160`; raises ValueError."""
    sides = text.split("x")
    if len(sides) > 2 or not all(re.fullmatch(r"[0-9]{1,6}", side) for side in sides):
        raise ValueError(f"{text!r:.60} is not a number of pixels, or height and width as 224x160")
    height, width = height_and_width((int(sides[0]), int(sides[-1])))
    return as_size(height, width)


def show_size(size: Size) -> str:
    """`224x160`, height first."""
    return "x".join(map(str, height_and_width(size)))
