from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from torchvision import ops

from autorecon.objective import TERMS, ObjectiveError, Request, TeacherView, lacking
from autorecon.objective.statistics import batch_statistics, norm_and_statistics


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


def is_watched(module: nn.Module) -> bool:
    return bool(module._forward_pre_hooks) or "forward" in vars(module)


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
    torch.testing.assert_close(logits, teacher(images))
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
    assert not any(is_watched(module) for module in teacher.modules())


def test_hooks_go_when_the_teacher_fails(teacher: nn.Module) -> None:
    view = TeacherView(teacher)
    with pytest.raises(RuntimeError):
        view(torch.randn(4, 2, 6, 6), Request(torch.zeros(4)))
    assert not any(is_watched(module) for module in teacher.modules())


class Doubling(nn.BatchNorm2d):
    """A layer with a forward pass of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


def test_a_layer_with_a_forward_pass_of_its_own_keeps_it(teacher: nn.Module) -> None:
    replaced = nn.Sequential(teacher.conv, Doubling(3), nn.BatchNorm2d(3), nn.ReLU()).eval()
    replaced[2].forward = lambda x: 3 * nn.BatchNorm2d.forward(replaced[2], x)
    images = torch.randn(5, 1, 6, 6)
    seen = TeacherView(replaced)(images, Request(torch.zeros(5)))
    expected = 3 * 2 * teacher.conv(images).relu() / (1 + 1e-5)
    torch.testing.assert_close(seen.logits, expected)
    assert len(seen.statistics) == 2
    torch.testing.assert_close(seen.statistics[0].mean, teacher.conv(images).mean((0, 2, 3)))
    torch.testing.assert_close(replaced(images), expected)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("used", [(0, 1, 2), (0,), (1,), (2,)])
def test_a_norm_and_its_statistics_match_torch(affine: bool, used: tuple[int, ...]) -> None:
    torch.manual_seed(3)
    layer = nn.BatchNorm2d(4, eps=0.1, affine=affine).double()
    for _ in range(3):
        layer(torch.randn(8, 4, 3, 3, dtype=torch.float64) * 2 + 1)
    for parameter in layer.eval().parameters():
        nn.init.normal_(parameter)
    features = torch.randn(6, 4, 5, 3, dtype=torch.float64, requires_grad=True)
    fast = norm_and_statistics(features, layer)
    slow = layer(features), features.mean((0, 2, 3)), features.var((0, 2, 3), correction=0)
    torch.testing.assert_close(list(fast), list(slow), rtol=1e-12, atol=1e-12)
    gradients = [
        torch.autograd.grad(sum(found[k].sin().sum() for k in used), features)
        for found in (fast, slow)
    ]
    torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-12)


def test_a_norm_in_half_precision_gives_it() -> None:
    layer = nn.BatchNorm2d(4).eval()
    layer.running_mean.fill_(5.0)
    features = (torch.randn(16, 4, 8, 8) + 5).bfloat16().requires_grad_()
    out, mean, _ = norm_and_statistics(features, layer)
    assert (out.dtype, mean.dtype) == (torch.bfloat16, torch.float32)
    torch.testing.assert_close(out, layer(features))


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


KIN = [
    lambda: nn.SyncBatchNorm(4),
    lambda: ops.FrozenBatchNorm2d(4),
    lambda: Doubling(4),
    lambda: nn.BatchNorm2d(4, affine=False),
]


@pytest.mark.parametrize("build", KIN)
def test_kin_of_batch_norm_count(build: Callable[[], nn.Module]) -> None:
    torch.manual_seed(5)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), build()).eval()
    net[1].running_mean.normal_()
    images = torch.randn(5, 3, 6, 6, requires_grad=True)
    expected, features = net(images), net[0](images)
    seen = TeacherView(net)(images, Request(torch.zeros(5)))
    assert lacking(net, ["statistics"]) == []
    torch.testing.assert_close(seen.logits, expected)
    torch.testing.assert_close(seen.statistics[0].mean, features.mean((0, 2, 3)))
    assert seen.statistics[0].running_mean is net[1].running_mean


@pytest.mark.parametrize(
    ("kind", "shape"), [(nn.BatchNorm1d, (6, 4)), (nn.BatchNorm1d, (6, 4, 5)),
                        (nn.BatchNorm3d, (6, 4, 2, 3, 2))]
)  # fmt: skip
def test_batch_norms_of_other_dimensions(kind: type[nn.Module], shape: tuple[int, ...]) -> None:
    torch.manual_seed(6)
    layer = kind(4).double()
    layer(torch.randn(shape, dtype=torch.float64) + 1)
    features = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    seen = TeacherView(layer)(features, Request(torch.zeros(6))).statistics[0]
    rest = [axis for axis in range(len(shape)) if axis != 1]
    torch.testing.assert_close(seen.variance, features.var(rest, correction=0))
    found = norm_and_statistics(features, layer)
    slow = layer(features), features.mean(rest), features.var(rest, correction=0)
    torch.testing.assert_close(list(found), list(slow))
    gradients = [
        torch.autograd.grad(sum(part.sin().sum() for part in parts), features)
        for parts in (found, slow)
    ]
    torch.testing.assert_close(*gradients)


def test_statistics_of_an_instance_norm_are_others() -> None:
    assert lacking(nn.InstanceNorm2d(4, track_running_stats=True), ["statistics"])


class Checkpointed(Tiny):
    """The same with a block that is computed again in the backward pass."""

    reentrant: bool | None = None

    def forward(self, x: Tensor) -> Tensor:
        x = self.once(self.conv(x))
        if self.reentrant is None:
            return self.head(self.block(x).mean((2, 3)))
        return self.head(checkpoint(self.block, x, use_reentrant=self.reentrant).mean((2, 3)))

    def block(self, x: Tensor) -> Tensor:
        return self.twice(x).relu()


def test_checkpointed_blocks_have_the_gradient_of_plain_ones() -> None:
    torch.manual_seed(7)
    net, images = Checkpointed(), torch.randn(4, 1, 6, 6, requires_grad=True)
    gradients = []
    for net.reentrant in (None, False, True):
        seen = TeacherView(net)(images, Request(torch.zeros(4)))
        gradients.append(torch.autograd.grad(TERMS["bns"].loss(seen), images)[0])
    assert torch.equal(gradients[0], gradients[1])
    assert torch.equal(gradients[0], gradients[2])


def test_statistics_without_gradients_are_refused(teacher: nn.Module) -> None:
    teacher.twice.forward = torch.no_grad()(teacher.twice.forward)
    images = torch.randn(4, 1, 6, 6, requires_grad=True)
    with pytest.raises(ObjectiveError, match="without gradients"):
        TeacherView(teacher)(images, Request(torch.zeros(4)))
    with torch.no_grad():
        assert len(TeacherView(teacher)(images, Request(torch.zeros(4))).statistics) == 3
