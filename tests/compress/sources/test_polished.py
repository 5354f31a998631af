"""Images that are brought nearer to the teacher's statistics, against a loop written out."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from autorecon.compress import CompressConfig, CompressError, Compression
from autorecon.compress.sources import polished
from autorecon.objective import TeacherView


@pytest.fixture
def images() -> Tensor:
    return torch.randn(8, 1, 8, 8, generator=torch.Generator().manual_seed(5)) * 3


def _distance(teacher: nn.Module, images: Tensor) -> Tensor:
    """ZeroQ's loss by hand: what enters the two norms, and the pixels, by means and deviations."""
    conv = teacher.conv1(images)
    behind = teacher.conv2(teacher.relu(teacher.bn1(conv)))
    total = torch.zeros(())
    stored = [(n.running_mean, n.running_var) for n in (teacher.bn1, teacher.bn2)]
    wanted = [(torch.zeros(1), torch.ones(1)), *stored]
    for values, (mean, variance) in zip((images, conv, behind), wanted, strict=True):
        found = values.transpose(0, 1).flatten(1)
        deviation = (found.var(1, correction=0) + 1e-6).sqrt() - (variance + 1e-6).sqrt()
        total = total + (found.mean(1) - mean).square().mean() + deviation.square().mean()
    return total


def test_steps_by_hand(teacher: nn.Module, images: Tensor) -> None:
    pixels = images.clone().requires_grad_()
    optimiser = torch.optim.Adam([pixels], 0.1)
    for _ in range(5):
        optimiser.zero_grad()
        _distance(teacher, pixels).backward()
        optimiser.step()
    found = polished(images, TeacherView(teacher), 5)
    torch.testing.assert_close(found, pixels.detach(), rtol=1e-4, atol=1e-4)
    assert _distance(teacher, found) < 0.8 * _distance(teacher, images)


def test_parts_make_no_difference_and_what_is_given_stays(
    teacher: nn.Module, images: Tensor
) -> None:
    before = images.clone()
    whole, parts = (polished(images, TeacherView(teacher), 3, parts) for parts in (1, 4))
    torch.testing.assert_close(whole, parts, rtol=1e-3, atol=1e-3)
    assert images.equal(before)
    assert all(parameter.grad is None for parameter in teacher.parameters())


def test_a_student_is_calibrated_on_both(teacher: nn.Module, generator: nn.Module) -> None:
    """Ranges follow each batch as it was drawn and then as it is polished."""
    settings = {"batch": 8, "warmup_steps": 2, "calibration_batches": 2, "ranges": "minmax"}
    config = CompressConfig("calibration", polish_steps=4, epochs=1, **settings)
    plain = Compression(
        copy.deepcopy(teacher), CompressConfig("calibration", epochs=1, **settings), generator
    )
    seen: list[Tensor] = []
    plain.student.module.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    plain.run_epoch(0, lambda: None)
    torch.manual_seed(1)  # as the fixture has it
    own = Compression(copy.deepcopy(teacher), config, type(generator)())
    shown: list[Tensor] = []
    own.student.module.register_forward_pre_hook(lambda _, given: shown.append(given[0]))
    own.run_epoch(0, lambda: None)
    assert len(shown) == 2 * len(seen) == 4
    for drawn, better, image in zip(shown[::2], shown[1::2], seen, strict=True):
        torch.testing.assert_close(drawn, image)
        torch.testing.assert_close(better, polished(drawn, TeacherView(teacher), 4))


def test_what_cannot_be_polished_is_refused(generator: nn.Module) -> None:
    without = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))
    config = CompressConfig("calibration", objective="ce", polish_steps=2)
    with pytest.raises(CompressError, match="BatchNorm"):
        Compression(without, config, generator)
    with pytest.raises(CompressError, match="no setting `polish_steps`"):
        CompressConfig("noise", polish_steps=2)
    with pytest.raises(CompressError, match="polish_steps = -1 must be 0 or more"):
        CompressConfig(polish_steps=-1)
