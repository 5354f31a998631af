"""What can go wrong with a compression that the user can mend."""

from __future__ import annotations

from collections.abc import Collection


class CompressError(ValueError):
    """A setting that makes no sense; the message is one line."""

    exit_code = 2


class TraceError(CompressError):
    """A model in which the sites to quantize cannot be found."""


class PartialError(CompressError):
    """A model of which too little would be quantized."""

    exit_code = 1


def require_known(setting: str, value: str, known: Collection[str]) -> None:
    """Raise CompressError unless a setting names one of those that there are."""
    if value not in known:
        raise CompressError(f"{setting} = '{value}' is unknown; choose {' or '.join(known)}")
