"""What a network is made ready for, and what is refused before anything is made."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune

from autorecon import teachers
from autorecon.teachers import Teacher, TeacherError

Load = Callable[..., Teacher]


def plain() -> nn.Sequential:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
    net.append(nn.Flatten()).append(nn.Linear(8, 10))
    net.input_size = 16
    return net


@pytest.fixture
def load(offer: Callable[[nn.Module], str]) -> Load:
    return lambda module, **given: teachers.load(offer(module), **given)


def negative_variance(net: nn.Module) -> None:
    net[1].running_var.fill_(-1)


def lazy(net: nn.Module) -> None:
    net[5] = nn.LazyLinear(10)


def no_grad(net: nn.Module) -> None:
    net.forward = torch.no_grad()(net.forward)


def eight_bits(net: nn.Module) -> None:
    weight = torch.zeros(10, 8, dtype=torch.int8)
    net[5].weight = nn.Parameter(weight, requires_grad=False)


def complex_weights(net: nn.Module) -> None:
    net[5].weight = nn.Parameter(torch.zeros(10, 8, dtype=torch.complex64))


def meta(net: nn.Module) -> None:
    net[5].to("meta")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (negative_variance, "1.running_var hold variances below 0"),
        (lazy, "5.weight, 5.bias are of lazy layers .* call the model once"),
        (no_grad, "have no gradients, which images are made by"),
        (eight_bits, r"5.weight \(int8\) are not real numbers"),
        (complex_weights, r"5.weight \(complex64\) are not real numbers"),
        (meta, "5.weight, 5.bias are on the meta device"),
    ],
)
def test_networks_that_cannot_be(load: Load, spoil: Callable[[nn.Module], None], said: str) -> None:
    net = plain()
    spoil(net)
    with pytest.raises(TeacherError, match=said):
        load(net)


def test_wrapped_networks_are_taken_out(load: Load) -> None:
    net = plain()
    teacher = load(torch.compile(nn.DataParallel(net)), size=16)
    assert teacher.module is net
    assert teacher.changes == (
        "the network was taken out of OptimizedModule",
        "the network was taken out of DataParallel",
    )


def test_half_precision_becomes_float32(load: Load) -> None:
    teacher = load(plain().bfloat16())
    assert {value.dtype for value in teacher.module.parameters()} == {torch.float32}
    assert teacher.changes == ("weights in bfloat16 were made float32",)


def old_weight_norm(layer: nn.Module) -> nn.Module:
    with pytest.warns(FutureWarning):
        return nn.utils.weight_norm(layer)


PARAMETRISED = [
    parametrizations.weight_norm,
    parametrizations.spectral_norm,
    parametrizations.orthogonal,
    old_weight_norm,
    nn.utils.spectral_norm,
    lambda layer: prune.l1_unstructured(layer, "weight", amount=0.5),
]


@pytest.mark.parametrize("parametrise", PARAMETRISED)
def test_parametrised_weights_are_folded(load: Load, parametrise: Callable[..., nn.Module]) -> None:
    net = plain()
    names = list(net.state_dict())
    parametrise(net[0])
    parametrise(net[5])
    images = torch.randn(4, 3, 16, 16)
    with torch.no_grad():
        for _ in range(2):
            net(images)
        expected = net.eval()(images)
    teacher = load(net)
    torch.testing.assert_close(teacher.module(images), expected, rtol=1e-6, atol=1e-6)
    assert sorted(teacher.module.state_dict()) == sorted(names)
    assert isinstance(teacher.module[0].weight, nn.Parameter)
    assert "folded into plain ones: 0.weight, 5.weight" in teacher.changes[0]
    copy.deepcopy(teacher.module)


@pytest.mark.parametrize("folded", [True, False])
def test_files_of_parametrised_networks(load: Load, tmp_path, folded: bool) -> None:
    trained = plain()
    parametrizations.weight_norm(trained[0])
    with torch.no_grad():
        trained[0].parametrizations.weight.original0.mul_(3)
    expected = trained[0].weight.detach()
    state = trained.state_dict()
    if folded:
        state = {k: v for k, v in state.items() if "parametrizations" not in k}
        state["0.weight"] = expected
    torch.save(state, tmp_path / "w.pth")
    net = plain()
    parametrizations.weight_norm(net[0])
    teacher = load(net, weights=tmp_path / "w.pth")
    torch.testing.assert_close(teacher.module[0].weight, expected)


@pytest.mark.parametrize(
    ("stated", "shape"),
    [
        (8, (3, 8, 8)),
        ((8, 6), (3, 8, 6)),
        ([3, 8, 6], (3, 8, 6)),
        (torch.Size([3, 8, 8]), (3, 8, 8)),
    ],
)
def test_sizes_as_networks_state_them(load: Load, stated: Any, shape: tuple[int, ...]) -> None:
    net = plain()
    net.input_size = stated
    assert load(net).image_shape == shape
    assert load(net, size=(5, 7)).image_shape == (3, 5, 7)
    assert load(net, size=5).size == 5


@pytest.mark.parametrize("stated", ["8", 0, (8,), (3, 8, 8, 8), (8.0, 8), True, (0, 8)])
def test_sizes_that_cannot_be(load: Load, stated: Any) -> None:
    net = plain()
    net.input_size = stated
    with pytest.raises(TeacherError, match="input_size must be a whole number above 0"):
        load(net)


@pytest.mark.parametrize("name", ["pretrained_cfg", "default_cfg"])
@pytest.mark.parametrize("kind", [dict, SimpleNamespace])
def test_timms_descriptions(load: Load, name: str, kind: type) -> None:
    net = plain()
    del net.input_size
    about = {"input_size": (3, 8, 6), "mean": (0.5, 0.4, 0.3), "std": (0.1, 0.2, 0.3)}
    setattr(net, name, kind(**about))
    teacher = load(net)
    assert teacher.image_shape == (3, 8, 6)
    assert (teacher.mean, teacher.std) == (about["mean"], about["std"])
    net.input_size, net.input_mean, net.input_std = 9, [0.0] * 3, [1.0] * 3
    teacher = load(net)
    assert (teacher.size, teacher.mean) == (9, (0.0,) * 3)
    assert load(net, mean=[0.1] * 3, std=[0.2] * 3).mean == (0.1,) * 3


def test_a_description_of_other_channels_says_nothing_of_means(load: Load) -> None:
    net = plain()
    net[0] = nn.Conv2d(1, 8, 3)
    del net.input_size
    net.pretrained_cfg = {"input_size": (3, 8, 8), "mean": (0.5,) * 3, "std": (0.1,) * 3}
    teacher = load(net)
    assert (teacher.image_shape, teacher.mean) == ((1, 8, 8), None)


def test_a_network_of_patches(load: Load) -> None:
    class Patches(nn.Module):
        input_size = (3, 8, 8)

        def __init__(self) -> None:
            super().__init__()
            self.mix, self.head = nn.Linear(48, 6), nn.Linear(6, 5)

        def forward(self, x: Tensor) -> Tensor:
            patches = nn.functional.unfold(x, 4, stride=4).transpose(1, 2)
            return self.head(self.mix(patches).relu().mean(1))

    assert load(Patches()).image_shape == (3, 8, 8)
