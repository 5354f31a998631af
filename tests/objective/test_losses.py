"""Losses are read late, and tell then what they would have told at once."""

from __future__ import annotations

import math

import pytest
import torch

from autorecon.objective import DivergedError, Losses
from autorecon.objective.losses import UNREAD


def taken(*values: float) -> Losses:
    losses = Losses()
    for number, value in enumerate(values, 1):
        losses.take(number, lambda value=value: {"total": torch.tensor(value), "known": 0.5})
    return losses


def test_they_are_the_numbers_that_were_noted_and_their_means() -> None:
    losses = taken(0.1, 0.2)
    losses.take(3, lambda: {"error": torch.tensor(0.3, dtype=torch.float64)})
    known = {"total": [torch.tensor(v).item() for v in (0.1, 0.2)], "known": [0.5, 0.5]}
    assert losses.read() == known | {"error": [0.3]}
    assert losses.means()["known"] == 0.5
    assert losses.steps == 3
    assert Losses(losses.read(), 3).read() == losses.read()


@pytest.mark.parametrize(("value", "word"), [(math.nan, "nan"), (math.inf, "inf")])
def test_the_first_that_is_not_finite_is_named_with_its_step(value: float, word: str) -> None:
    with pytest.raises(DivergedError) as caught:
        taken(0.0, value, 1.0, math.nan).read()
    assert (caught.value.term, caught.value.step, caught.value.exit_code) == ("total", 2, 1)
    assert f"'total' became {word} at step 2" in str(caught.value)


def test_a_term_is_named_before_the_sum_that_it_spoils() -> None:
    losses, wrong = Losses(), torch.tensor(math.nan)
    losses.take(1, lambda: {"student.total": wrong, "student.ce": wrong})
    with pytest.raises(DivergedError, match="'student ce' became nan at step 1"):
        losses.read()


def test_what_fails_after_a_divergence_is_told_as_that() -> None:
    def fails() -> dict[str, float]:
        raise RuntimeError("of numbers that are none")

    with pytest.raises(DivergedError, match="at step 1"):
        taken(math.nan).take(2, fails)
    with pytest.raises(RuntimeError, match="that are none"):
        taken(1.0).take(2, fails)


def test_a_divergence_is_not_left_unread_for_long() -> None:
    with pytest.raises(DivergedError, match="at step 2"):
        taken(*[0.0, math.nan], *[0.0] * UNREAD)
