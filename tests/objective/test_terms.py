"""Every term against the same thing written out by hand."""

from __future__ import annotations

import math
from typing import Any

import attrs
import pytest
import torch

from autorecon.objective import (
    TERMS,
    Architecture,
    LayerStatistics,
    Objective,
    ObjectiveError,
    Observation,
    Request,
)

LOGITS = [[2.0, 1.0, -1.0], [0.5, 0.0, 3.0]]
STUDENT = [[1.0, 1.5, 0.0], [0.0, 0.5, 1.0]]
LABELS = [0, 1]
PIXELS = [[[1.0, 2.0, 0.0], [0.0, 3.0, 1.0], [2.0, 2.0, 5.0]], [[0.0] * 3, [1.0] * 3, [3.0] * 3]]
LAYERS = [[[1.0, 2.0], [1.0, 4.0], [0.0, 0.0], [2.0, 1.0]], [[3.0], [2.0], [1.0], [8.0]]]


@pytest.fixture
def observation() -> Observation:
    request = Request(torch.tensor(LABELS), noise=torch.tensor([[1.0, 0.0], [3.0, 1.0]]))
    layers = [LayerStatistics(*map(torch.tensor, layer)) for layer in LAYERS]
    return Observation(
        torch.tensor(PIXELS).unsqueeze(1),
        request,
        torch.tensor(LOGITS, requires_grad=True),
        layers,
        features=torch.tensor([[1.0, -2.0], [0.0, 5.0]]),
        student_logits=torch.tensor(STUDENT),
        recovered=torch.tensor([[0.0, 0.0], [3.0, 4.0]]),
        architecture=Architecture(*map(torch.tensor, (0.25, 0.5, 0.75))),
    )


def value(name: str, observation: Observation) -> float:
    return TERMS[name].loss(observation).item()


def softmax(row: list[float]) -> list[float]:
    total = sum(math.exp(x) for x in row)
    return [math.exp(x) / total for x in row]


def entropy(row: list[float]) -> float:
    return -sum(p * math.log(p) for p in softmax(row))


def cross(rows: list[list[float]], labels: list[int]) -> float:
    return -sum(math.log(softmax(row)[y]) for row, y in zip(rows, labels, strict=True)) / len(rows)


def combined(sign: float) -> list[list[float]]:
    pairs = zip(LOGITS, STUDENT, strict=True)
    return [[t + sign * s for t, s in zip(*pair, strict=True)] for pair in pairs]


def kl(one: list[float], other: list[float]) -> float:
    return sum(p * math.log(p / q) for p, q in zip(one, other, strict=True))


def test_terms_of_the_teachers_answers(observation: Observation) -> None:
    assert value("doubt", observation) == pytest.approx(sum(map(entropy, LOGITS)) / 2, rel=1e-5)
    assert value("activation", observation) == pytest.approx(-8 / 4)
    assert value("ce", observation) == pytest.approx(cross(LOGITS, LABELS), rel=1e-5)
    sure = [softmax(row)[label] for row, label in zip(LOGITS, LABELS, strict=True)]
    hard = -sum((1 - p) ** 2 * math.log(p) for p in sure) / 2
    assert value("hard", observation) == pytest.approx(hard, rel=1e-5)


def test_shares_of_classes_stand_for_labels(observation: Observation) -> None:
    shares = [[0.25, 0.75, 0.0], [0.0, 0.5, 0.5]]
    request = Request(torch.tensor(LABELS), torch.tensor(shares))
    asked = attrs.evolve(observation, request=request)
    by_hand = -sum(
        share * math.log(p)
        for row, wanted in zip(LOGITS, shares, strict=True)
        for p, share in zip(softmax(row), wanted, strict=True)
    )
    assert value("ce", asked) == pytest.approx(by_hand / 2, rel=1e-5)
    softened = [[x / 20 for x in row] for row in LOGITS]
    by_hand = -sum(
        share * math.log(p)
        for row, wanted in zip(softened, shares, strict=True)
        for p, share in zip(softmax(row), wanted, strict=True)
    )
    assert value("impression", asked) == pytest.approx(by_hand / 2, rel=1e-5)


def test_terms_of_the_statistics(observation: Observation) -> None:
    # Layer 1: means 1, 2 for 0, 0 and variances 1, 4 for 2, 1; layer 2: 3 for 1, and 2 for 8.
    norms = math.sqrt(5) + math.sqrt(1 + 9) + 2 + 6
    assert value("bns_norm", observation) == pytest.approx(norms)
    first = [(1 / 2 + 1 / 2 - 1 - math.log(1 / 2)) / 2, (4 + 4 - 1 - math.log(4)) / 2]
    second = (2 / 8 + 4 / 8 - 1 - math.log(2 / 8)) / 2
    assert value("bns_kl", observation) == pytest.approx(sum(first) / 2 + second, rel=1e-4)
    flat = [x for image in PIXELS for row in image for x in row]
    mean = sum(flat) / 18
    std = math.sqrt(sum((x - mean) ** 2 for x in flat) / 18)
    image = mean**2 + (std - 1) ** 2
    layers = (1 + 4) / 2 + ((1 - math.sqrt(2)) ** 2 + (2 - 1) ** 2) / 2
    layers += 4 + (math.sqrt(2) - math.sqrt(8)) ** 2
    assert value("bns_std", observation) == pytest.approx(image + layers, rel=1e-4)


def test_total_variation(observation: Observation) -> None:
    ways = [(0, 1), (1, 0), (1, 1), (1, -1)]
    total = 0.0
    for down, right in ways:
        total += math.sqrt(
            sum(
                (image[i + down][j + right] - image[i][j]) ** 2
                for image in PIXELS
                for i in range(3)
                for j in range(3)
                if 0 <= i + down < 3 and 0 <= j + right < 3
            )
        )
    assert value("tv", observation) == pytest.approx(total, rel=1e-5)


def test_terms_of_the_images(observation: Observation) -> None:
    norms = [math.sqrt(sum(x * x for row in image for x in row)) for image in PIXELS]
    assert value("l2", observation) == pytest.approx(sum(norms) / 2, rel=1e-5)
    kernel = [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    off = [
        image[1][1] - sum(kernel[i][j] * image[i][j] for i in range(3) for j in range(3)) / 16
        for image in PIXELS
    ]
    assert value("smooth", observation) == pytest.approx(sum(x * x for x in off) / 2, rel=1e-5)
    apart = (
        sum(
            abs(a - b)
            for one, other in zip(*PIXELS, strict=True)
            for a, b in zip(one, other, strict=True)
        )
        / 9
    )
    asked = ((3 - 1) ** 2 + 1) / 2
    assert value("spread", observation) == pytest.approx(math.exp(-2 * apart * asked / 4), rel=1e-4)
    assert value("decode", observation) == pytest.approx((1 + 9) / 4)


def test_adversarial_terms(observation: Observation) -> None:
    apart = [x for row in combined(-1) for x in row]
    assert value("adversarial_l1", observation) == pytest.approx(-sum(map(abs, apart)) / 6)
    pairs = zip(map(softmax, LOGITS), map(softmax, STUDENT), strict=True)
    by_hand = -sum(kl(p, q) for p, q in pairs) / 2
    assert value("adversarial_kl", observation) == pytest.approx(by_hand, rel=1e-4)
    assert value("follow", observation) == pytest.approx(cross(STUDENT, [0, 2]), rel=1e-5)


def test_only_images_on_which_both_agree_are_brought_to_the_border() -> None:
    logits = torch.tensor([[2.0, 0.0, 1.0], [2.0, 0.0, 1.0], [0.0, 3.0, 0.0]])
    student = torch.tensor([[1.0, 0.5, 0.0], [0.0, 5.0, 0.0], [0.0, 1.0, 0.5]], requires_grad=True)
    seen = Observation(torch.zeros(3, 1, 2, 2), Request(torch.zeros(3).long()), logits, [])
    seen = attrs.evolve(seen, student_logits=student)
    both = zip(logits.tolist(), student.tolist(), strict=True)
    pairs = [(softmax(one), softmax(other)) for one, other in both]
    by_hand = -(kl(*pairs[0]) + kl(*pairs[2])) / 3
    loss = TERMS["adversarial_agreed"].loss(seen)
    assert loss.item() == pytest.approx(by_hand, rel=1e-5)
    loss.backward()
    assert student.grad is not None
    assert student.grad.abs().sum(1).gt(0).tolist() == [True, False, True]


def test_competition_is_one_minus_jensen_and_shannon(observation: Observation) -> None:
    soft = [[[x / 3 for x in row] for row in rows] for rows in (LOGITS, STUDENT)]
    total = 0.0
    for one, other in zip(*soft, strict=True):
        p, q = softmax(one), softmax(other)
        between = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
        total += (kl(p, between) + kl(q, between)) / 2
    assert value("competition", observation) == pytest.approx(1 - total / 2, rel=1e-4)
    same = attrs.evolve(observation, student_logits=observation.logits)
    assert value("competition", same) == pytest.approx(1)


def test_adadfq_terms(observation: Observation) -> None:
    apart, together = combined(-1), combined(1)
    assert value("disagreement", observation) == pytest.approx(cross(apart, LABELS), rel=1e-5)
    assert value("agreement", observation) == pytest.approx(cross(together, LABELS), rel=1e-5)
    entropies = list(map(entropy, apart))
    least, most = min(entropies), math.log(3)
    shares = [(h - least) / (most - least) for h in entropies]
    by_hand = sum(max(0.1 - s, 0) + max(s - 0.8, 0) for s in shares) / 2
    assert value("margin", observation) == pytest.approx(by_hand, rel=1e-4)


@pytest.mark.parametrize("name", TERMS)
def test_every_term_is_a_finite_number_with_a_summary(observation: Observation, name: str) -> None:
    loss = TERMS[name].loss(observation)
    assert loss.dim() == 0
    assert loss.isfinite()
    assert TERMS[name].summary


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("activation", {"features": None}),
        ("bns_kl", {"statistics": []}),
        ("bns_std", {"statistics": []}),
        ("bns_norm", {"statistics": []}),
        ("decode", {"recovered": None}),
        ("spread", {"request": Request(torch.tensor(LABELS))}),
    ],
)
def test_a_term_says_what_it_lacks(
    observation: Observation, name: str, missing: dict[str, Any]
) -> None:
    with pytest.raises(ObjectiveError, match=f"the term '{name}' needs"):
        Objective.parse(name)(attrs.evolve(observation, **missing))


def test_an_objective_knows_what_it_needs() -> None:
    objective = Objective.parse("ce + bns + bns_kl + activation - adversarial_l1 + decode")
    assert objective.needs == ("statistics", "features")
    assert objective.needs_student
    assert objective.needs_decoder
    assert Objective.parse("adversarial_l1", has_student=True).needs == ()
