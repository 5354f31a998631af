from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from autorecon.objective import Request, TeacherView, lacking
from autorecon.objective.statistics import batch_statistics


class Tiny(nn.Module):
    """One BatchNorm layer of its own and one that is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3)
        self.once = nn.BatchNorm2d(3)
        self.twice = nn.BatchNorm2d(3)
        self.bare = nn.BatchNorm2d(3, track_running_stats=False)
        self.head = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.once(self.conv(x))
        x = self.bare(self.twice(self.twice(x).relu()))
        return self.head(x.mean((2, 3)))


@pytest.fixture
def teacher() -> nn.Module:
    torch.manual_seed(0)
    teacher = Tiny()
    with torch.no_grad():
        for _ in range(3):
            teacher(torch.randn(8, 1, 6, 6) + 1)
    return teacher


def test_statistics_are_those_of_the_inputs(teacher: nn.Module) -> None:
    images = torch.randn(5, 1, 6, 6)
    seen = TeacherView(teacher)(images, Request(torch.zeros(len(images))))
    logits, statistics = seen.logits, seen.statistics
    first = teacher.conv(images)
    second = teacher.once(first)
    third = teacher.twice(second).relu()
    assert torch.equal(logits, teacher(images))
    assert len(statistics) == 3
    for layer, features in zip(statistics, (first, second, third), strict=True):
        torch.testing.assert_close(layer.mean, features.mean((0, 2, 3)))
        torch.testing.assert_close(layer.variance, features.var((0, 2, 3), correction=0))
    assert statistics[0].running_mean is teacher.once.running_mean
    assert statistics[2].running_var is teacher.twice.running_var


def test_the_teacher_is_left_as_it_was(teacher: nn.Module) -> None:
    before = copy.deepcopy(teacher.state_dict())
    images = torch.randn(4, 1, 6, 6, requires_grad=True)
    seen = TeacherView(teacher)(images, Request(torch.zeros(len(images))))
    logits, statistics = seen.logits, seen.statistics
    (logits.sum() + statistics[1].variance.sum()).backward()
    assert images.grad is not None
    assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert not any(module._forward_pre_hooks for module in teacher.modules())


def test_hooks_go_when_the_teacher_fails(teacher: nn.Module) -> None:
    view = TeacherView(teacher)
    with pytest.raises(RuntimeError):
        view(torch.randn(4, 2, 6, 6), Request(torch.zeros(4)))
    assert not any(module._forward_pre_hooks for module in teacher.modules())


def test_gradients_match_those_of_mean_and_var() -> None:
    torch.manual_seed(1)
    features = torch.randn(3, 2, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(batch_statistics, (features,))
    mean, variance = batch_statistics(features)
    (mean.sin().sum() + variance.log().sum()).backward()
    fast, features.grad = features.grad, None
    mean, variance = features.mean((0, 2, 3)), features.var((0, 2, 3), correction=0)
    (mean.sin().sum() + variance.log().sum()).backward()
    assert fast is not None
    torch.testing.assert_close(fast, features.grad)


def test_no_cancellation_under_a_large_mean() -> None:
    torch.manual_seed(2)
    features = torch.randn(16, 4, 8, 8) + 1e3
    variance = batch_statistics(features)[1]
    torch.testing.assert_close(variance.double(), features.double().var((0, 2, 3), correction=0))


def test_half_precision_is_summed_in_float32() -> None:
    features = (torch.randn(16, 4, 32, 32) + 5).bfloat16().requires_grad_()
    mean, variance = batch_statistics(features)
    assert mean.dtype == variance.dtype == torch.float32
    torch.testing.assert_close(mean, features.detach().float().mean((0, 2, 3)))
    variance.sum().backward()
    assert features.grad is not None
    assert features.grad.dtype == torch.bfloat16


def test_what_a_teacher_lacks(teacher: nn.Module) -> None:
    assert lacking(teacher, ["statistics", "features"]) == []
    bare = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2, track_running_stats=False))
    assert lacking(bare, ["features", "statistics", "features"]) == ["features", "statistics"]


def test_features_are_what_enters_the_last_linear_layer(teacher: nn.Module) -> None:
    images = torch.randn(3, 1, 6, 6)
    seen = TeacherView(teacher)(images, Request(torch.zeros(3)))
    assert seen.features is not None
    torch.testing.assert_close(teacher.head(seen.features), seen.logits)
