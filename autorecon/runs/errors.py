from __future__ import annotations


class RunError(ValueError):
    """A run folder, or a file of one, cannot be used as asked; the message says what to do."""

    exit_code = 2


class DamagedError(RunError):
    """A file holds something else than was written, or breaks off; what it held is to be had in
    another way."""
