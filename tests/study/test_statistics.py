"""Figures against cases worked by hand and printed tables."""

from __future__ import annotations

import pytest

from autorecon.study.statistics import (
    Paired,
    Sample,
    kendall,
    paired,
    ranks,
    sample,
    spearman,
    t_quantile,
)


@pytest.mark.parametrize(
    ("degrees", "value"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (9, 2.2622), (30, 2.0423), (99, 1.9842)],
)
def test_quantiles_are_those_of_printed_tables(degrees: int, value: float) -> None:
    assert t_quantile(0.975, degrees) == pytest.approx(value, abs=5e-5)


def test_other_probabilities() -> None:
    assert t_quantile(0.5, 3) == pytest.approx(0, abs=1e-9)
    assert t_quantile(0.95, 4) == pytest.approx(2.1318, abs=5e-5)


def test_a_sample() -> None:
    assert sample([]) is None
    assert sample([7.0]) == Sample(1, 7.0, None)
    assert sample([1.0, 2.0, 3.0]) == Sample(3, 2.0, 1.0)


def test_paired_differences_by_hand() -> None:
    """Differences 1, 2 and 3: mean 2, deviation 1, half of the interval 4.3027 / sqrt(3)."""
    found = paired({0: 11.0, 1: 22.0, 2: 33.0, 5: 1.0}, {0: 10.0, 1: 20.0, 2: 30.0, 7: 1.0})
    assert found is not None
    assert (found.runs, found.mean) == (3, 2.0)
    assert found.high == pytest.approx(2 + 2.4841, abs=1e-4)
    assert found.low == pytest.approx(2 - 2.4841, abs=1e-4)


def test_one_pair_has_no_interval_and_none_no_difference() -> None:
    assert paired({3: 2.0}, {3: 5.0}) == Paired(1, -3.0, None, None)
    assert paired({1: 2.0}, {2: 2.0}) is None


def test_orders_are_compared_as_by_hand() -> None:
    assert ranks([3.0, 1.0, 3.0, 2.0]) == [3.5, 1.0, 3.5, 2.0]
    # 1 - 6 * (1 + 1 + 1 + 1 + 4) / (5 * 24) = 0.6; of ten pairs seven are put alike.
    one, other = [10, 20, 30, 40, 50], [2, 1, 5, 6, 3]
    assert spearman(one, other) == pytest.approx(0.6)
    assert kendall(one, [2, 1, 5, 6, 3]) == pytest.approx((7 - 3) / 10)
    assert spearman([1, 2, 3], [9, 5, 1]) == kendall([1, 2, 3], [9, 5, 1]) == pytest.approx(-1)
    assert spearman([1, 1, 1], [1, 2, 3]) == kendall([1, 1, 1], [1, 2, 3]) == 0
    # Of three pairs one is tied in the first: 2 / sqrt(2 * 3).
    assert kendall([1, 1, 2], [1, 2, 3]) == pytest.approx(2 / 6**0.5)
