from __future__ import annotations


class RecordError(ValueError):
    """A file is not as it was written; the message names it and says what to do."""

    exit_code = 2
