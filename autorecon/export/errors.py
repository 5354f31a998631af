"""Errors of exporting that a user can act on."""

from __future__ import annotations


class ExportError(ValueError):
    """A generator or a student that cannot be exported as asked; the message says what to do."""

    exit_code = 2


def reason(error: BaseException) -> str:
    """What a library's error says, in a line."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
