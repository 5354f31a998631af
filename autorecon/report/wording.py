"""Numbers as a reader wants them."""

from __future__ import annotations

import math

from autorecon.records.results import Spread

MINUS = "\N{MINUS SIGN}"
PLUS_MINUS = "\N{PLUS-MINUS SIGN}"
DASH = "\N{EN DASH}"


def percent(value: float | None, decimals: int = 1) -> str:
    """85.1; a dash for a figure that is not known."""
    if value is None or not math.isfinite(value):
        return DASH
    return f"{value:.{decimals}f}".replace("-", MINUS)


def spread(value: Spread | None) -> str:
    """85.1 ± 0.4, or 85.1 where a single seed says nothing of the spread."""
    if value is None:
        return DASH
    if value.std is None or not math.isfinite(value.std):
        return percent(value.mean)
    return f"{percent(value.mean, _decimals(value.std))} {deviation(value.std)}"


def deviation(std: float) -> str:
    """± 0.4, and with a digit more where one would read as no deviation at all."""
    return f"{PLUS_MINUS} {percent(std, _decimals(std))}"


def _decimals(std: float) -> int:
    return 1 if std >= 0.1 else 2


def plural(number: int, word: str) -> str:
    """1 seed, 2 seeds."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
