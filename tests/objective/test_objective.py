from __future__ import annotations

import math
from collections.abc import Iterator

import attrs
import pytest
import torch
from torch import Tensor

from autorecon.objective import (
    TERMS,
    LayerStatistics,
    Objective,
    ObjectiveError,
    Observation,
    Request,
    registry,
    term,
)

LOGITS = [[2.0, 1.0, -1.0], [0.5, 0.0, 3.0]]


@pytest.fixture
def observation() -> Observation:
    logits = torch.tensor(LOGITS, requires_grad=True)
    values = [[[1.0, 2.0], [1.0, 4.0], [0.0, 0.0], [1.0, 1.0]], [[3.0], [1.0], [1.0], [2.0]]]
    layers = [LayerStatistics(*map(torch.tensor, layer)) for layer in values]
    return Observation(torch.zeros(2, 1, 2, 2), Request(torch.tensor([0, 1])), logits, layers)


@pytest.fixture
def spare_names() -> Iterator[None]:
    """Terms that a test registers are gone after it."""
    before = dict(registry._TERMS)
    yield
    registry._TERMS.clear()
    registry._TERMS.update(before)


def softmax(row: list[float]) -> list[float]:
    total = sum(math.exp(value) for value in row)
    return [math.exp(value) / total for value in row]


def test_ce_by_hand(observation: Observation) -> None:
    expected = -(math.log(softmax(LOGITS[0])[0]) + math.log(softmax(LOGITS[1])[1])) / 2
    assert TERMS["ce"].loss(observation).item() == pytest.approx(expected, rel=1e-6)


def test_bns_by_hand(observation: Observation) -> None:
    # Layer 1: (1 + 4)/2 + (0 + 9)/2 = 7; layer 2: 4 + 1 = 5.
    assert TERMS["bns"].loss(observation).item() == pytest.approx(6.0)


def test_entropy_by_hand(observation: Observation) -> None:
    mean = [sum(pair) / 2 for pair in zip(*map(softmax, LOGITS), strict=True)]
    expected = sum(p * math.log(p) for p in mean)
    assert TERMS["entropy"].loss(observation).item() == pytest.approx(expected, rel=1e-6)


def test_entropy_bears_classes_that_never_appear(observation: Observation) -> None:
    sure = torch.tensor([[500.0, 0.0], [500.0, 0.0]], requires_grad=True)
    loss = TERMS["entropy"].loss(attrs.evolve(observation, logits=sure))
    loss.backward()
    assert loss.item() == 0
    assert sure.grad is not None
    assert sure.grad.isfinite().all()


def test_onehot_by_hand(observation: Observation) -> None:
    expected = -sum(math.log(max(softmax(row))) for row in LOGITS) / 2
    assert TERMS["onehot"].loss(observation).item() == pytest.approx(expected, rel=1e-6)


def test_total_is_the_weighted_sum_and_carries_a_gradient(observation: Observation) -> None:
    total, parts = Objective.parse("ce + 0.1*bns - 2*entropy")(observation)
    assert list(parts) == ["ce", "bns", "entropy"]
    expected = parts["ce"] + 0.1 * parts["bns"] - 2 * parts["entropy"]
    assert not expected.requires_grad
    torch.testing.assert_close(total.detach(), expected)
    total.backward()
    assert observation.logits.grad is not None


def test_bns_needs_batchnorm_layers(observation: Observation) -> None:
    with pytest.raises(ObjectiveError, match="the teacher has none"):
        Objective.parse("ce + bns")(attrs.evolve(observation, statistics=[]))


@pytest.mark.usefixtures("spare_names")
def test_a_user_adds_a_term(observation: Observation) -> None:
    @term("loud", "mean absolute logit; this test")
    def loud(observation: Observation) -> Tensor:
        return observation.logits.abs().mean()

    _, parts = Objective.parse("ce + 3*loud")(observation)
    assert parts["loud"].item() == pytest.approx(7.5 / 6)


@pytest.mark.usefixtures("spare_names")
def test_a_term_that_needs_the_student_waits_for_it(observation: Observation) -> None:
    @term("agree", "squared distance of the two models' logits; this test", needs_student=True)
    def agree(observation: Observation) -> Tensor:
        assert observation.student_logits is not None
        return (observation.student_logits - observation.logits).square().mean()

    objective = Objective.parse("ce + agree")
    assert objective.needs_student
    assert not Objective.parse("ce").needs_student
    assert list(objective(observation)[1]) == ["ce"]
    student = attrs.evolve(observation, student_logits=observation.logits.detach() + 2)
    assert objective(student)[1]["agree"].item() == pytest.approx(4)
    with pytest.raises(ObjectiveError, match="trains a generator by itself"):
        Objective.parse("2*agree")


@pytest.mark.usefixtures("spare_names")
def test_names_are_words_and_are_taken_once() -> None:
    with pytest.raises(ObjectiveError, match="one word"):
        term("two words", "")(lambda observation: observation.logits)
    with pytest.raises(ObjectiveError, match="'ce' exists already"):
        term("ce", "")(lambda observation: observation.logits)
    # A reloaded module registers the same function again.
    term("ce", "again")(TERMS["ce"].loss)
    assert TERMS["ce"].summary == "again"
