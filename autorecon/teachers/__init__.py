"""Pre-trained classifiers to compress: those shipped, and those of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.lazy import later
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
__getattr__ = later(__name__, _load=["load"], _student=["build_student"])
