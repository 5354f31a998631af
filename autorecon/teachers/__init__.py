"""Pre-trained classifiers to compress: those shipped, and those of the user's own.

In come a name and perhaps a file of weights, out comes a Teacher: a frozen module with its size,
channels, classes and normalisation. No file of weights is unpickled in full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.lazy import later
from autorecon.teachers.errors import TeacherError
from autorecon.teachers.shipped import describe, names
from autorecon.teachers.teacher import Teacher, check_fits

if TYPE_CHECKING:
    from autorecon.teachers.loading import load
    from autorecon.teachers.student import build_student

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
__getattr__ = later(__name__, loading=["load"], student=["build_student"])
