from __future__ import annotations

from typing import Any

import attrs
import pytest
import torch
from torch import Tensor, nn

from autorecon.objective import Objective, Observation, registry, term
from tests.compress.engine.conftest import Make, run


def test_what_a_student_is_taught_has_passed_the_filter(make: Make) -> None:
    """Its ranges are read off filtered images too, and the teacher is asked about these."""
    stage = make(low_pass=0.05, warmup_steps=1, steps=1, epochs=2)
    shown: list[Tensor] = []
    begin = stage.student.begin
    stage.student.begin = lambda batches: (  # type: ignore[method-assign]
        shown.extend(batches) or begin(shown)
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
