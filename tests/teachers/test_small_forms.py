"""The forms for 32x32 images against torchvision's networks, whose names and sizes they share."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from autorecon.teachers import mobilenet_v2, resnet
from autorecon.teachers.architectures import ARCHITECTURES

NAMES = ("resnet18", "resnet34", "resnet50", "mobilenet_v2")


def shapes(module: nn.Module) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in module.state_dict().items()}


@pytest.mark.parametrize("name", NAMES)
def test_all_but_the_stem_is_torchvisions(name: str) -> None:
    with torch.device("meta"):
        small = shapes(ARCHITECTURES[name](10, 3))
        large = shapes(models.get_model(name, weights=None, num_classes=10))
    stem = "features.0.0.weight" if name == "mobilenet_v2" else "conv1.weight"
    assert small.pop(stem)[2:] == (3, 3)
    large.pop(stem)
    assert small == large


@pytest.mark.parametrize("name", NAMES)
def test_computes_what_torchvisions_does_with_the_small_stem(name: str) -> None:
    torch.manual_seed(0)
    small = ARCHITECTURES[name](10, 3).eval()
    large = models.get_model(name, weights=None, num_classes=10).eval()
    as_small(large)
    large.load_state_dict(small.state_dict())
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(small(images), large(images))


def as_small(net: nn.Module) -> None:
    """The form for small images, by changing the large one's layers."""
    if isinstance(net, models.MobileNetV2):
        net.features[0][0].stride = (1, 1)
        net.features[14].conv[1][0].stride = (1, 1)
        return
    net.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    net.maxpool = nn.Identity()


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2"])
def test_the_last_features_are_4x4(name: str) -> None:
    net = ARCHITECTURES[name](10, 1).eval()
    seen: list[Tensor] = []
    pool = net.avgpool if name == "resnet18" else net.pool
    pool.register_forward_hook(lambda layer, inputs, output: seen.append(inputs[0]))
    with torch.no_grad():
        net(torch.zeros(1, 1, 32, 32))
    assert seen[0].shape[2:] == (4, 4)


@pytest.mark.parametrize(
    ("name", "width", "scaled"),
    [("resnet18_x0_25", 16, 128), ("mobilenet_v2_x0_5", 16, 1280)],
)
def test_reduced_widths(name: str, width: int, scaled: int) -> None:
    net = ARCHITECTURES[name](7, 1)
    convolutions = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]
    assert convolutions[0].weight.shape == (width, 1, 3, 3)
    head = [layer for layer in net.modules() if isinstance(layer, nn.Linear)][-1]
    assert (head.in_features, head.out_features) == (scaled, 7)
    # What ships has at most 3 MB in float32.
    floats = sum(v.numel() for v in net.state_dict().values() if v.is_floating_point())
    assert 2.5e6 < 4 * floats < 3e6


def test_a_block_adds_its_shortcut_before_the_last_relu() -> None:
    block = resnet.BasicBlock(3, 3, 1).eval()
    nn.init.zeros_(block.bn2.weight)
    images = torch.randn(2, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(block(images), images.clamp(min=0))


@pytest.mark.parametrize(
    ("channels", "width", "expected"), [(32, 0.5, 16), (24, 0.35, 8), (16, 0.1, 8), (96, 0.35, 32)]
)
def test_widths_are_multiples_of_eight(channels: int, width: float, expected: int) -> None:
    assert mobilenet_v2._scaled(channels, width) == expected
