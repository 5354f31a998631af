"""What can go wrong with a data set, in words for the person who needs it."""

from __future__ import annotations


class DataError(ValueError):
    """A data set's name, size or files are wrong; the message says what to do about it."""

    exit_code = 2


class MissingDataError(DataError, FileNotFoundError):
    """A data set is not on this machine, or only in part."""
