from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autorecon.compress import Bits, CompressConfig, Compression, quantize
from autorecon.compress.quantization.ranges import RANGES
from autorecon.nn import Compute
from autorecon.objective import (
    DivergedError,
    Objective,
    Observation,
    Request,
    TeacherView,
    registry,
    term,
)
from autorecon.records.files import read_record, write_record
from autorecon.records.score import Score
from autorecon.records.students import Compressed

Make = Callable[..., Compression]
COMPUTES = (Compute(), Compute(bf16=True))


@pytest.fixture
def make(teacher: nn.Module, generator: nn.Module) -> Make:
    """Fresh copies of everything at each call: 4 epochs of 3 steps, 5 of the 12 for warm-up."""

    def build(
        evaluate: Callable[[nn.Module], Score] | None = None,
        compute: Compute = COMPUTES[0],
        parts: int = 1,
        **settings: object,
    ) -> Compression:
        plain = {"batch": 8, "warmup_steps": 5, "steps": 7, "epochs": 4, "calibration_batches": 2}
        config = CompressConfig(**plain | settings)
        nets = copy.deepcopy(teacher), config, copy.deepcopy(generator)
        return Compression(*nets, evaluate, compute=compute, parts=parts)

    return build


def ignore() -> None:
    """A tick that nobody watches."""


def run(stage: Compression, epochs: range) -> list[dict[str, object]]:
    return [stage.run_epoch(epoch, ignore) for epoch in epochs]


def fingerprint(module: nn.Module) -> Score:
    """One that no two states share."""
    return Score(sum(float(p.double().abs().sum()) for p in module.parameters()))


def equal(one: object, other: object) -> bool:
    """Equality of nested states, bit for bit."""
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return one == other


def test_optimisers_that_are_fused_take_the_steps_of_plain_ones(make: Make) -> None:
    fused, plain = make(), make()
    for optimiser in (plain.source._optimiser, plain.training.optimiser):  # type: ignore[attr-defined]
        for group in optimiser.param_groups:
            group |= {"fused": False, "foreach": False}
    for one, other in zip(run(fused, range(2)), run(plain, range(2)), strict=True):
        for name, value in one.items():
            assert value == pytest.approx(other[name], rel=1e-4), name


@pytest.mark.parametrize("ranges", RANGES)
@pytest.mark.parametrize("pause", [1, 2, 3])
def test_a_resumed_run_is_the_same_run(make: Make, ranges: str, pause: int) -> None:
    """Paused in the warm-up, right after the calibration, and among the joint steps."""
    whole = make(fingerprint, ranges=ranges)
    rows = run(whole, range(4))
    first = make(fingerprint, ranges=ranges)
    early = run(first, range(pause))
    state = copy.deepcopy(first.state_dict())
    second = make(fingerprint, ranges=ranges)
    second.load_state_dict(state)
    torch.manual_seed(99)
    assert early + run(second, range(pause, 4)) == rows
    assert equal(second.state_dict(), whole.state_dict())
    assert second.result() == whole.result()


def test_a_run_goes_on_from_the_middle_of_an_epoch(make: Make) -> None:
    """From each of its steps: of the warm-up, the one that begins the student, and joint ones."""
    whole = make(fingerprint, epochs=2)
    states: list[dict[str, Any]] = []
    rows = [
        whole.run_epoch(e, lambda: states.append(copy.deepcopy(whole.state_dict()))) for e in (0, 1)
    ]
    for number, state in enumerate(states[::2]):
        other = make(fingerprint, epochs=2)
        other.load_state_dict(state)
        torch.manual_seed(number)
        left = range(state["epochs_done"], 2)
        assert run(other, left) == rows[left.start :]
        assert equal(other.state_dict(), whole.state_dict())


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, set()),
        ({"alignment": 100.0, "cam": 10.0}, {"student.alignment", "student.cam"}),
        ({"low_pass": 0.2}, set()),
        ({"perturbation": 0.1}, {"student.perturbed"}),
        ({"swing": True}, set()),
    ],
)
def test_a_batch_in_parts_is_the_same_batch(
    make: Make, settings: dict[str, Any], told: set[str]
) -> None:
    """The first joint step, with a generator's step and a student's."""
    own: dict[str, Any] = {"warmup_steps": 1, "steps": 1, "epochs": 2, **settings}
    rows = [run(make(parts=parts, **own), range(2)) for parts in (1, 3)]
    new = {"student.alignment", "student.cam", "student.perturbed"}
    assert rows[0][1].keys() & new == told
    for whole, split in zip(*rows, strict=True):
        near = {name: pytest.approx(v, rel=1e-3, abs=1e-8) for name, v in whole.items()}
        assert split == near


def test_what_a_student_is_taught_has_passed_the_filter(make: Make) -> None:
    """Its ranges are read off filtered images too, and the teacher is asked about these."""
    stage = make(low_pass=0.05, warmup_steps=1, steps=1, epochs=2)
    shown: list[Tensor] = []
    begin = stage.student.begin
    stage.student.begin = lambda draw: begin(  # type: ignore[method-assign]
        lambda: (shown.append(draw()), shown[-1])[1]
    )
    batches = []
    learn = stage.training.method.loss
    assert learn is not None
    stage.training.method = attrs.evolve(
        stage.training.method, loss=lambda a, b, c: batches.append(b) or learn(a, b, c)
    )
    run(stage, range(2))
    assert shown
    for images in [*shown, batches[0].images]:
        edges = (images[..., 1:] - images[..., :-1]).abs().mean()
        assert edges < 0.1 * stage.source.draw().images.diff().abs().mean()
    torch.testing.assert_close(batches[0].logits, stage.view.answers(batches[0].images))


def test_a_harder_image_is_a_step_up_the_loss(make: Make) -> None:
    stage = make(perturbation=0.05, warmup_steps=1, steps=1, epochs=2, keep="last")
    batches = []
    learn = stage.training.method.loss
    assert learn is not None
    stage.training.method = attrs.evolve(
        stage.training.method, loss=lambda a, b, c: batches.append(b) or learn(a, b, c)
    )
    rows = run(stage, range(2))
    easy, hard = batches
    step = (hard.images - easy.images).abs()
    assert (step < 0.05 + 1e-6).all()
    assert step.mean() > 0.04
    torch.testing.assert_close(hard.logits, stage.view.answers(hard.images))
    assert rows[1]["student.perturbed"] > rows[1]["student.total"]


def test_a_student_learns_what_the_teacher_says_that_does_not_swing(
    make: Make, teacher: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teacher.conv2, "stride", (2, 2))
    monkeypatch.setattr(teacher.conv2, "padding", (1, 1))
    monkeypatch.setattr(type(teacher), "forward", _strided)
    stage = make(swing=True, warmup_steps=1, steps=1, epochs=2)
    batch, _ = stage.source.make(stage.student)
    torch.testing.assert_close(batch.logits, stage.view.answers(batch.images))


def _strided(teacher: Any, x: Tensor) -> Tensor:
    x = teacher.relu(teacher.bn1(teacher.conv1(x)))
    x = teacher.relu(teacher.bn2(teacher.conv2(x)))
    return teacher.head(x.mean((2, 3)))


def test_a_student_that_tuning_damaged_is_as_it_was_calibrated(make: Make) -> None:
    own: dict[str, Any] = {"bits": "w8a8", "student_lr": 0.3, "steps": 3}
    kept, last = make(fingerprint, **own), make(fingerprint, **own, keep="last")
    for stage in (kept, last):
        run(stage, range(4))
    found, other = kept.result(), last.result()
    assert found.last == found.calibrated == other.calibrated
    assert other.last != other.calibrated
    assert "tuning was undone" in found.warnings[-1]
    assert not [text for text in other.warnings if "undone" in text]


def test_a_student_that_is_no_worse_is_as_it_was_last(make: Make) -> None:
    stage = make(fingerprint, student_lr=1e-9)
    run(stage, range(4))
    assert stage.result().last != stage.result().calibrated
    assert not [text for text in stage.warnings if "undone" in text]


def test_a_compression_that_is_done_keeps_no_moments(make: Make) -> None:
    stage = make()
    run(stage, range(4))
    state = stage.state_dict()
    assert "optimiser" not in state["training"]
    assert "optimiser" not in state["source"]
    again = make()
    again.load_state_dict(copy.deepcopy(state))
    assert again.result() == stage.result()
    assert torch.equal(again.source.draw().images, stage.source.draw().images)


def test_a_run_of_all_that_is_drawn_goes_on_to_the_same_end(make: Make) -> None:
    own: dict[str, Any] = {
        "swing": True, "dropped": 0.5, "perturbation": 0.01, "cam": 1.0, "low_pass": 0.3,
    }  # fmt: skip
    whole, first, second = (make(fingerprint, **own) for _ in range(3))
    rows = run(whole, range(4))
    early = run(first, range(3))
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    torch.manual_seed(99)
    assert early + run(second, range(3, 4)) == rows
    assert equal(second.state_dict(), whole.state_dict())
    assert not equal(make(fingerprint, **own | {"dropped": 0.0}).student, whole.student)


@pytest.mark.parametrize("compute", [Compute(bf16=True), Compute(channels_last=True)])
def test_a_resumed_run_is_the_same_run_however_it_is_computed(make: Make, compute: Compute) -> None:
    whole = make(fingerprint, compute=compute)
    rows = run(whole, range(4))
    first, second = (make(fingerprint, compute=compute) for _ in range(2))
    early = run(first, range(2))
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert early + run(second, range(2, 4)) == rows
    assert equal(second.state_dict(), whole.state_dict())


def test_losses_in_bfloat16_are_near_those_in_float32(make: Make) -> None:
    """Of the first steps: of the generator alone, then joint ones of a student at 8 bits."""
    stages = [make(compute=c, bits="w8a8", warmup_steps=2, steps=2) for c in COMPUTES]
    (exact, rounded) = (run(stage, range(4)) for stage in stages)
    for row, other in zip(exact, rounded, strict=True):
        losses = [name for name in row if name.startswith(("generator.", "student."))]
        assert losses
        for name in losses:
            assert other[name] == pytest.approx(row[name], rel=0.05, abs=1e-3), name


def test_the_seed_decides(make: Make) -> None:
    assert run(make(), range(4)) == run(make(), range(4))
    assert run(make(), range(1)) != run(make(seed=1), range(1))


def test_the_teacher_and_the_statistics_do_not_move(make: Make) -> None:
    stage = make(keep="last")
    teacher = copy.deepcopy(stage.view.teacher.state_dict())
    start = copy.deepcopy(stage.student.module.state_dict())
    generated = copy.deepcopy(stage.source.generator.state_dict())
    run(stage, range(4))
    assert equal(stage.view.teacher.state_dict(), teacher)
    assert not any(module.training for module in stage.student.module.modules())
    student = stage.student.module.state_dict()
    for name, value in student.items():
        # After a ReLU the lower end of a range is the 0 that it started from.
        still = "running_" in name or "num_batches" in name or name.endswith(".low")
        assert torch.equal(value, start[name]) == still, name
    names = [name for name, _ in stage.source.generator.named_parameters()]
    assert not any(torch.equal(stage.source.generator.state_dict()[n], generated[n]) for n in names)


def test_the_student_stands_still_in_the_warm_up(make: Make) -> None:
    stage = make()
    start = copy.deepcopy(stage.student.module.state_dict())
    rows = run(stage, range(1))
    assert equal(stage.student.module.state_dict(), start)
    assert not any(name.startswith("student") for name in rows[0])
    rows = run(stage, range(1, 2))
    assert "student.kl" in rows[0]


def test_ranges_come_from_calibration_only(make: Make) -> None:
    stage = make()
    run(stage, range(2))
    ranges = [(float(q.low), float(q.high)) for q in stage.student.model.quantizers()]
    run(stage, range(2, 4))
    assert [(float(q.low), float(q.high)) for q in stage.student.model.quantizers()] == ranges
    assert all(high > low >= 0 for low, high in ranges)


def test_two_joint_steps_by_hand(make: Make, teacher: nn.Module, generator: nn.Module) -> None:
    """A second, plain writing of one calibration batch and two steps of each model."""
    rates = {"student_lr": 0.1, "weight_decay": 0.2, "batch": 6}
    own = {"calibration_batches": 1, "statistics": False, "labels": "all", "keep": "last"}
    stage = make(warmup_steps=0, steps=2, epochs=2, **own, **rates)
    rows = run(stage, range(2))

    noise = torch.Generator().manual_seed(0)
    student = quantize(teacher, (1, 8, 8), Bits(3, 3))
    adam = torch.optim.Adam(generator.parameters(), 3e-3, (0.5, 0.999))
    sgd = torch.optim.SGD(student.module.parameters(), 0.1, 0.9, 0, 0.2, True)

    def draw() -> tuple[Tensor, Tensor]:
        z = torch.randn(6, 6, generator=noise)
        y = torch.randint(3, (6,), generator=noise)
        return generator(z, y), y

    with torch.no_grad():
        student(draw()[0])
    student.freeze()
    for row, rate in zip(rows, (0.1, 0.05), strict=True):
        images, labels = draw()
        seen = TeacherView(teacher)(images, Request(labels))
        logits = seen.logits
        loss = F.cross_entropy(logits, labels)
        for layer in seen.statistics:
            loss = loss + 5 * F.mse_loss(layer.mean, layer.running_mean)
            loss = loss + 5 * F.mse_loss(layer.variance, layer.running_var)
        adam.zero_grad()
        loss.backward()
        adam.step()
        answers = student(images.detach())
        hard = F.cross_entropy(answers, labels)
        p, q = (logits.detach() / 20).softmax(1), (answers / 20).softmax(1)
        soft = (p * (p.log() - q.log())).mean()
        sgd.zero_grad()
        sgd.param_groups[0]["lr"] = rate
        (hard + 30 * 400 * soft).backward()
        sgd.step()
        assert row["generator.total"] == pytest.approx(loss.item(), rel=1e-5)
        assert row["student.ce"] == pytest.approx(hard.item(), rel=1e-5)
        assert row["student.kl"] == pytest.approx(soft.item(), rel=1e-2)

    assert close(generator, stage.source.generator)
    assert close(student.module, stage.student.module)


def close(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(torch.allclose(mine, theirs, rtol=1e-4, atol=1e-5) for mine, theirs in pairs)


def test_losses_fall(make: Make) -> None:
    schedule = {"warmup_steps": 20, "steps": 40, "epochs": 6}
    rows = run(make(**schedule, generator_lr=0.02, student_lr=0.01, objective="ce + bns"), range(6))
    assert rows[-1]["generator.total"] < 0.9 * rows[0]["generator.total"]
    assert rows[-1]["student.total"] < 0.9 * rows[2]["student.total"]


def test_the_student_rate_falls_as_half_a_cosine(make: Make) -> None:
    stage = make(student_lr=0.5)
    rates = []
    for epoch in range(4):
        stage.run_epoch(epoch, lambda: rates.append(stage.training.optimiser.param_groups[0]["lr"]))
    expected = [0.25 * (1 + math.cos(math.pi * step / 7)) for step in range(7)]
    assert rates[:5] == [0.5] * 5
    assert rates[5:] == pytest.approx(expected)


def test_ticks_are_as_many_as_announced(make: Make) -> None:
    stage = make(warmup_steps=4, steps=7, epochs=3)
    ticks: list[int] = []
    for epoch in range(3):
        assert len(ticks) == stage.ticks_before(epoch)
        stage.run_epoch(epoch, lambda: ticks.append(1))
    assert len(ticks) == stage.ticks == 11
    assert stage.epochs == 3


def test_scores_last_is_quoted_and_best_is_named(make: Make, tmp_path: Path) -> None:
    scores: Iterator[float] = iter([50.0, 70.0, 90.0, 80.0])
    stage = make(lambda module: Score(next(scores), 60.0))
    rows = run(stage, range(4))
    assert [row.get("accuracy") for row in rows] == [None, 70.0, 90.0, 80.0]
    assert rows[1]["calibrated_accuracy"] == 50.0
    assert rows[-1]["agreement"] == rows[1]["calibrated_agreement"] == 60.0
    assert not any("divergence" in name for row in rows for name in row)
    result = stage.result()
    assert (result.calibrated, result.last) == (Score(50.0, 60.0), Score(80.0, 60.0))
    assert (result.best, result.best_epoch) == (Score(90.0, 60.0), 3)
    write_record(tmp_path / "result.json", result)
    assert read_record(tmp_path / "result.json", Compressed) == result
    assert json.loads(json.dumps(rows)) == rows


def test_scores_every_other_epoch_and_always_at_the_end(make: Make) -> None:
    calls: list[bool] = []

    def evaluate(module: nn.Module) -> Score:
        calls.append(module.training or torch.is_grad_enabled())
        return Score(1.0)

    rows = run(make(evaluate, epochs=12, evaluate_every=5), range(12))
    assert [epoch for epoch, row in enumerate(rows, 1) if "accuracy" in row] == [10, 12]
    assert calls == [False] * 3


def test_nobody_evaluates_unless_asked(make: Make) -> None:
    stage = make()
    rows = run(stage, range(4))
    assert not any("accuracy" in name for row in rows for name in row)
    assert stage.result().last is None


def test_divergence_names_the_step(make: Make) -> None:
    stage = make(student_lr=1e30)
    with pytest.raises(DivergedError, match=r"'student \w+' became (nan|inf) at step [789]"):
        run(stage, range(4))
    stage = make()
    stage.source.generator.linear.weight.data.fill_(math.nan)
    with pytest.raises(DivergedError, match="'generator ce' became nan at step 1:"):
        run(stage, range(1))


def test_a_collapsed_generator_is_noticed(make: Make) -> None:
    stage = make()
    stage.source.generator.embed.weight.data.zero_()
    stage.source.generator.embed.weight.requires_grad_(False)
    rows = run(stage, range(2))
    assert "nearly identical" in rows[0]["warning"]
    assert stage.result().warnings == [rows[0]["warning"], rows[1]["warning"]]


def test_epochs_come_in_turn(make: Make) -> None:
    with pytest.raises(RuntimeError, match="epoch 1 was asked for, but 0 are done"):
        make().run_epoch(1, ignore)


def test_a_term_may_look_at_the_student(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_TERMS", dict(registry._TERMS))
    monkeypatch.setattr("autorecon.objective.parse.TERMS", registry._TERMS)
    seen: list[bool] = []

    @term("gap", "mean absolute difference of logits; this test", needs_student=True)
    def gap(observation: Observation) -> Tensor:
        seen.append(observation.student_logits.requires_grad)
        return (observation.student_logits - observation.logits).abs().mean()

    assert Objective.parse("ce - gap").needs_student
    rows = run(make(objective="ce - gap"), range(4))
    assert "generator.gap" not in rows[0]
    assert "generator.gap" in rows[3]
    assert seen == [True] * 7
