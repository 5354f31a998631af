"""What can go wrong with a compression that the user can mend."""

from __future__ import annotations


class CompressError(ValueError):
    """A setting that makes no sense; the message is one line."""

    exit_code = 2


class TraceError(CompressError):
    """A model in which the sites to quantize cannot be found."""
