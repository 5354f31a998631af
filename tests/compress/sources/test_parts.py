"""Gradients of a batch that is seen part by part are those of the whole batch."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from autorecon.compress.sources.parts import differentiate
from autorecon.objective import Objective, Request, TeacherView, numbers

TERMS = (
    "ce + 10*bns", "bns_std", "bns_norm", "bns_kl", "onehot + entropy + 0.1*activation",
    "ce + 0.5*tv + 0.1*l2 + spread", "ce - adversarial_l1 + margin", "tv",
)  # fmt: skip


@pytest.mark.parametrize("text", TERMS)
@pytest.mark.parametrize("parts", [2, 3, 10])
def test_parts_change_no_gradient(
    teacher: nn.Module, generator: nn.Module, text: str, parts: int
) -> None:
    objective, student = Objective.parse(text, has_student=True), copy.deepcopy(teacher)
    nn.init.normal_(student.head.weight)
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(10, 6, generator=random)
    labels = torch.randint(3, (10,), generator=random)

    def found(count: int) -> tuple[float, dict[str, float], list[Tensor | None]]:
        generator.zero_grad()
        images = generator(noise, labels)
        learner = student if objective.needs_student else None
        request, view = Request(labels, noise=noise), TeacherView(teacher)
        total, values, seen = differentiate(objective, view, learner, images, request, count)
        assert seen.logits.shape == (10, 3)
        (told,) = numbers([values])
        return float(total.detach()), told, [p.grad for p in generator.parameters()]

    whole, split = found(1), found(parts)
    assert split[0] == pytest.approx(whole[0], rel=1e-5)
    assert split[1] == pytest.approx(whole[1], rel=1e-5)
    for one, other in zip(whole[2], split[2], strict=True):
        assert one is not None
        torch.testing.assert_close(other, one, rtol=1e-3, atol=1e-6)
