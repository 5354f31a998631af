"""What can be wrong with a study."""

from __future__ import annotations


class StudyError(ValueError):
    """A study that makes no sense, or does not fit what its folder holds; one line says why."""

    exit_code = 2
