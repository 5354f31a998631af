"""Errors of exporting that a user can act on."""

from __future__ import annotations


class ExportError(ValueError):
    """A generator that cannot be exported as asked; the message says what to do."""

    exit_code = 2
