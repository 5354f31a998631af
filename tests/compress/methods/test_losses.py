from __future__ import annotations

import math

import attrs
import pytest
import torch

from autorecon.compress import METHODS, CompressConfig, CompressError
from autorecon.compress.batch import Answers, Batch
from autorecon.compress.methods import gdfq
from autorecon.compress.methods.losses import is_known, is_sure, total
from autorecon.objective import Request

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
    summed, found = total(losses)
    values = {name: value.item() for name, value in found.items()}
    hard = -sum(math.log(softmax(row)[y]) for row, y in zip(STUDENT, LABELS, strict=True)) / 2
    assert values["ce"] == pytest.approx(hard, rel=1e-5)
    assert values["kl"] == pytest.approx(kl(20) / 6, rel=1e-3)
    assert values["total"] == pytest.approx(hard + 0.5 * 400 * kl(20) / 6, rel=1e-4)
    assert summed.item() == values["total"]


def test_labels_count_where_the_teacher_gives_them_too(batch: Batch) -> None:
    """The teacher takes the first image for 0 or 1, the second for 2."""
    answers = Answers(torch.tensor(STUDENT))
    each = [-math.log(softmax(row)[y]) for row, y in zip(STUDENT, [2, 2], strict=True)]
    other = attrs.evolve(batch, request=Request(torch.tensor([2, 2])))
    for which, hard in (("known", each[1] / 2), ("sure", each[1] / 2), ("all", sum(each) / 2)):
        _, values = total(gdfq.loss(answers, other, CompressConfig(labels=which)))
        assert values["ce"].item() == pytest.approx(hard, rel=1e-5)
    # Of a mixture each class that was asked for will do.
    shares = torch.tensor([[0.0, 0.4, 0.6], [0.5, 0.5, 0.0]])
    assert is_known(Request(shares.argmax(1), shares), batch.logits).tolist() == [True, False]


def test_labels_count_where_the_teacher_is_sure_of_them(batch: Batch) -> None:
    """Of class 1 it is so with 0.47, though no other has more, and of class 2 with 0.94."""
    assert softmax(TEACHER[0])[1] == pytest.approx(0.47, abs=0.005)
    assert is_known(batch.request, batch.logits).tolist() == [True, True]
    assert is_sure(batch.request, batch.logits).tolist() == [False, True]
    # The classes of a mixture are counted together: 0.53, and 0.06.
    shares = torch.tensor([[0.0, 0.4, 0.6], [0.5, 0.5, 0.0]])
    assert is_sure(Request(shares.argmax(1), shares), batch.logits).tolist() == [True, False]


def check(name: str, answers: Answers, batch: Batch, expected: dict[str, float]) -> None:
    """Each loss of a method, with its weight, against figures by hand."""
    entry = METHODS[name]
    assert entry.loss is not None
    losses = entry.loss(answers, batch, CompressConfig(method=name))
    found = {part: weight * loss.item() for part, (weight, loss) in losses.items()}
    assert found == {part: pytest.approx(value, rel=1e-3) for part, value in expected.items()}


@pytest.fixture
def answers() -> Answers:
    return Answers(torch.tensor(STUDENT))


@pytest.mark.parametrize("name", ["dafl", "kegnet", "choi"])
def test_divergence_alone(name: str, answers: Answers, batch: Batch) -> None:
    check(name, answers, batch, {"kl": kl(1) / 2})


@pytest.mark.parametrize(("name", "temperature"), [("deepinversion", 3), ("zskd", 20)])
def test_softened_divergence(name: str, temperature: int, answers: Answers, batch: Batch) -> None:
    check(name, answers, batch, {"kl": temperature**2 * kl(temperature) / 2})


@pytest.mark.parametrize(("name", "alpha"), [("dfc", 1), ("ait", 30)])
def test_divergence_of_quantized_students(
    name: str, alpha: int, answers: Answers, batch: Batch
) -> None:
    check(name, answers, batch, {"kl": alpha * 400 * kl(20) / 6})


def test_hast_by_hand(answers: Answers, batch: Batch) -> None:
    """Labels have no part in it; the divergence is divided by the batch alone."""
    check("hast", answers, batch, {"kl": 20 * 400 * kl(20) / 2})


def test_synq_by_hand(answers: Answers, batch: Batch) -> None:
    """Of the first class asked for the teacher is not sure, so that only the second counts."""
    hard = -math.log(softmax(STUDENT[1])[2])
    check("synq", answers, batch, {"kl": 20 * 400 * kl(20) / 2, "ce": 0.5 * hard / 2})


def test_plf_by_hand(answers: Answers, batch: Batch) -> None:
    """Self-entropies 0.81 and 0.25: the first is never sure enough, the second until the end."""
    shares = [softmax(row) for row in TEACHER]
    entropies = [-sum(p * math.log(p) for p in row) / math.log(3) for row in shares]
    assert entropies == [pytest.approx(0.81, abs=0.005), pytest.approx(0.25, abs=0.005)]
    lost = [[-math.log(p) for p in softmax(row)] for row in STUDENT]
    first = (lost[0][0] + lost[0][1]) / 2  # both have the same share of the first two
    expected = {"kl": kl(1) / 2, "major": lost[1][2] / 2, "auxiliary": 0.3 * first / 2}
    check("plf", answers, batch, expected)
    share = shares[1][2] / (shares[1][2] + shares[1][0])
    second = share * lost[1][2] + (1 - share) * lost[1][0]
    over = attrs.evolve(answers, done=0.99)
    expected = {"kl": kl(1) / 2, "major": 0.0, "auxiliary": 0.3 * (first + second) / 2}
    check("plf", over, batch, expected)


def test_dfad_by_hand(answers: Answers, batch: Batch) -> None:
    rows = zip(STUDENT, TEACHER, strict=True)
    apart = [abs(s - t) for row in rows for s, t in zip(*row, strict=True)]
    check("dfad", answers, batch, {"l1": sum(apart) / 6})


def test_adadfq_by_hand(answers: Answers, batch: Batch) -> None:
    entropy = 0.0
    for s, t in zip(STUDENT, TEACHER, strict=True):
        shares = softmax([b - a for a, b in zip(s, t, strict=True)], 20)
        entropy -= sum(p * math.log(p) for p in shares) / 2
    check("adadfq", answers, batch, {"entropy": -400 * entropy})


def test_qimera_takes_shares_of_classes(answers: Answers, batch: Batch) -> None:
    shares = [[0.5, 0.5, 0.0], [0.0, 0.2, 0.8]]
    mixed = attrs.evolve(batch, request=Request(torch.tensor(LABELS), torch.tensor(shares)))
    hard = -sum(
        share * math.log(p)
        for row, wanted in zip(STUDENT, shares, strict=True)
        for p, share in zip(softmax(row), wanted, strict=True)
    )
    check("qimera", answers, mixed, {"ce": hard / 2, "kl": 30 * 400 * kl(20) / 6})


def test_abm_by_hand(batch: Batch) -> None:
    # Two sizes in common, one that only the student has.
    mine = {2: [[0.6, 0.8], [1.0, 0.0]], 4: [[0.5] * 4, [0.5] * 4], 9: [[1.0] * 9, [1.0] * 9]}
    taught = {2: [[0.8, 0.6], [1.0, 0.0]], 4: [[0.5] * 4, [1.0, 0, 0, 0]]}
    maps = [{k: torch.tensor(v) for k, v in each.items()} for each in (mine, taught)]
    apart = 250 * ((0.04 + 0.04) / 4 + (0.25 + 3 * 0.25) / 8)
    answers = Answers(torch.tensor(STUDENT), *maps)
    check("abm", answers, batch, {"kl": kl(1) / 6, "attention": apart})
    with pytest.raises(CompressError, match="another --student"):
        METHODS["abm"].loss(Answers(torch.tensor(STUDENT)), batch, CompressConfig(method="abm"))


@pytest.mark.parametrize("name", [n for n, m in METHODS.items() if m.loss])
def test_a_student_that_agrees_has_the_least_loss_to_gain(name: str, batch: Batch) -> None:
    """Apart from labels, no method wants anything else of the student than the teacher's logits."""
    logits = batch.logits.clone().requires_grad_()
    maps = {4: torch.full((2, 4), 0.5)}
    losses = METHODS[name].loss(Answers(logits, maps, maps), batch, CompressConfig(method=name))
    for labels in ("ce", "major", "auxiliary"):
        losses.pop(labels, None)
    summed, _ = total(losses)
    summed.backward()
    assert logits.grad.abs().max() < 1e-4
