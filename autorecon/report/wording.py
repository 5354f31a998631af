"""Numbers as a reader wants them."""

from __future__ import annotations

import math
from pathlib import Path

from autorecon.records.results import Results, Spread

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


def nats(value: Spread | None) -> str:
    """0.0123 ± 0.0004: a divergence with the digits that it has."""
    if value is None or not math.isfinite(value.mean):
        return DASH
    if value.std is None or not math.isfinite(value.std):
        return f"{value.mean:.3g}"
    return f"{value.mean:.3g} {PLUS_MINUS} {value.std:.1g}"


def measured_as(results: Results, run: Path) -> str:
    """What the figures of a run are, and on which images; or how there would be some."""
    if results.data is None:
        return (
            f"Not measured on images: `autorecon evaluate {run} --data NAME` does that, on "
            "pictures of your own as folder:PATH"
        )
    if results.figure == "accuracy":
        return "Top-1 accuracy on the test images in percent"
    if results.data and results.data.invented:
        return "Agreement with the teacher in percent, on invented images, not photographs"
    return "Agreement with the teacher in percent, on test images without labels"


def deviation(std: float) -> str:
    """± 0.4, and with a digit more where one would read as no deviation at all."""
    return f"{PLUS_MINUS} {percent(std, _decimals(std))}"


def _decimals(std: float) -> int:
    return 1 if std >= 0.1 else 2
