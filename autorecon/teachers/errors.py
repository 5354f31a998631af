"""What can go wrong with a teacher, in words for the person who named it."""

from __future__ import annotations


class TeacherError(ValueError):
    """A teacher cannot be loaded or does not fit; the message says what to do about it."""

    exit_code = 2
