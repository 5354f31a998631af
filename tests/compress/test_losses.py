from __future__ import annotations

import math

import pytest
import torch

from autorecon.compress import CompressConfig
from autorecon.compress.batch import Answers, Batch
from autorecon.compress.losses import total
from autorecon.compress.methods import gdfq
from autorecon.objective import DivergedError, Request

STUDENT = [[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]]
TEACHER = [[2.0, 2.0, 0.0], [1.0, 0.0, 4.0]]
LABELS = [1, 2]


def softmax(row: list[float], temperature: float = 1) -> list[float]:
    exponentials = [math.exp(value / temperature) for value in row]
    return [value / sum(exponentials) for value in exponentials]


def kl(temperature: float) -> float:
    """Summed over the batch."""
    return sum(
        p * math.log(p / q)
        for s, t in zip(STUDENT, TEACHER, strict=True)
        for p, q in zip(softmax(t, temperature), softmax(s, temperature), strict=True)
    )


@pytest.fixture
def batch() -> Batch:
    return Batch(torch.zeros(2, 1, 2, 2), Request(torch.tensor(LABELS)), torch.tensor(TEACHER))


def test_gdfq_by_hand(batch: Batch) -> None:
    losses = gdfq.loss(Answers(torch.tensor(STUDENT)), batch, CompressConfig(alpha=0.5))
    summed, values = total(losses)
    hard = -sum(math.log(softmax(row)[y]) for row, y in zip(STUDENT, LABELS, strict=True)) / 2
    assert values["ce"] == pytest.approx(hard, rel=1e-5)
    assert values["kl"] == pytest.approx(kl(20) / 6, rel=1e-3)
    assert values["total"] == pytest.approx(hard + 0.5 * 400 * kl(20) / 6, rel=1e-4)
    assert summed.item() == values["total"]


def test_a_loss_that_is_not_finite_is_named() -> None:
    with pytest.raises(DivergedError) as caught:
        total({"ce": (1.0, torch.tensor(math.nan))})
    assert caught.value.term == "student total"
