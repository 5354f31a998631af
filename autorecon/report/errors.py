from __future__ import annotations


class ReportError(ValueError):
    """A file of the run cannot be shown; the message names it and says what to do."""

    exit_code = 2
