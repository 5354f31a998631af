"""What every check of a program says when something is not as it must be."""

from __future__ import annotations

from typing import Any


class Difference(AssertionError):
    """Two things that must be the same are not; `kind` says which, the same for every program."""

    def __init__(self, kind: str, details: str) -> None:
        super().__init__(f"{kind}: {details}")
        self.kind = f"Difference: {kind}"


def same(kind: str, found: Any, expected: Any) -> None:
    """Raises Difference."""
    if found != expected:
        raise Difference(kind, f"found {_shown(found)}, expected {_shown(expected)}")


def holds(kind: str, true: bool, details: Any = "") -> None:
    """Raises Difference."""
    if not true:
        raise Difference(kind, _shown(details))


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) < 400 else f"{text[:400]}..."
