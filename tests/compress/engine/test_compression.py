from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autorecon.compress import Bits, quantize
from autorecon.nn import Compute
from autorecon.objective import DivergedError, Request, TeacherView
from tests.compress.engine.conftest import Make, equal, ignore, run


def test_optimisers_that_are_fused_take_the_steps_of_plain_ones(make: Make) -> None:
    fused, plain = make(), make()
    for optimiser in (plain.source._optimiser, plain.training.optimiser):  # type: ignore[attr-defined]
        for group in optimiser.param_groups:
            group |= {"fused": False, "foreach": False}
    for one, other in zip(run(fused, range(2)), run(plain, range(2)), strict=True):
        for name, value in one.items():
            assert value == pytest.approx(other[name], rel=1e-4), name


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


def test_losses_in_bfloat16_are_near_those_in_float32(make: Make) -> None:
    """Of the first steps: of the generator alone, then joint ones of a student at 8 bits."""
    computes = Compute(), Compute(bf16=True)
    stages = [make(compute=c, bits="w8a8", warmup_steps=2, steps=2) for c in computes]
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
