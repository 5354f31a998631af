"""Pre-trained classifiers to compress: those shipped, and those of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autorecon.teachers._errors import TeacherError
from autorecon.teachers._shipped import describe, names
from autorecon.teachers._teacher import Teacher, check_fits

if TYPE_CHECKING:
    from autorecon.teachers._load import load

__all__ = ["Teacher", "TeacherError", "check_fits", "describe", "load", "names"]


def __getattr__(name: str) -> Any:
    # Loading needs torch, listing does not: torch is imported when `load` is first asked for.
    if name != "load":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from autorecon.teachers._load import load

    return load
