"""Pre-trained classifiers to compress: those shipped, and those of the user's own.

In come a name and perhaps a file of weights, out comes a Teacher: a frozen module with its size,
channels, classes and normalisation. No file of weights is unpickled in full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.lazy import later
from autorecon.teachers.errors import TeacherError
from autorecon.teachers.shipped import GIVEN, describe, names
from autorecon.teachers.teacher import Teacher, check_fits

if TYPE_CHECKING:
    from autorecon.teachers.building import (
        architecture_of,
        build,
        is_known,
        made_ready,
        parameters_of,
    )
    from autorecon.teachers.given import of_module
    from autorecon.teachers.loading import load
    from autorecon.teachers.student import build_student

__all__ = [
    "GIVEN",
    "Teacher",
    "TeacherError",
    "architecture_of",
    "build",
    "build_student",
    "check_fits",
    "describe",
    "is_known",
    "load",
    "made_ready",
    "names",
    "of_module",
    "parameters_of",
]

# What needs torch is imported when it is first asked for; listing needs none.
__getattr__ = later(
    __name__,
    building=["architecture_of", "build", "is_known", "made_ready", "parameters_of"],
    given=["of_module"],
    loading=["load"],
    student=["build_student"],
)
