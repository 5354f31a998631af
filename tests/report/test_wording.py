from __future__ import annotations

import math

import pytest

from autorecon.records.results import Spread
from autorecon.report.wording import percent, plural, spread


@pytest.mark.parametrize(
    ("value", "text"),
    [(85.14, "85.1"), (-0.3, "−0.3"), (None, "–"), (math.nan, "–"), (math.inf, "–")],  # noqa: RUF001
)
def test_percent(value: float | None, text: str) -> None:
    assert percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Spread(85.14, 0.42), "85.1 ± 0.4"),
        (Spread(85.14, 0.034), "85.14 ± 0.03"),
        (Spread(85.14, None), "85.1"),
        (Spread(85.14, math.nan), "85.1"),
        (None, "–"),  # noqa: RUF001
    ],
)
def test_spread(value: Spread | None, text: str) -> None:
    assert spread(value) == text


def test_plural() -> None:
    assert [plural(n, "seed") for n in (0, 1, 2, 10_000)] == [
        "0 seeds", "1 seed", "2 seeds", "10,000 seeds",
    ]  # fmt: skip
