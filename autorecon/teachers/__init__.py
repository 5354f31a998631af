"""Pre-trained classifiers to compress: those shipped, and those of the user's own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autorecon.teachers._errors import TeacherError
from autorecon.teachers._shipped import describe, names
from autorecon.teachers._teacher import Teacher, check_fits

if TYPE_CHECKING:
    from autorecon.teachers._load import load
    from autorecon.teachers._student import build_student

__all__ = [
    "Teacher",
    "TeacherError",
    "build_student",
    "check_fits",
    "describe",
    "load",
    "names",
]

# What needs torch is imported when it is first asked for; listing needs none.
_LATER = {"build_student": "_student", "load": "_load"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
