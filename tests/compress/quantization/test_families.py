"""One classifier of each family of torchvision, of as few of its own blocks as have all their
kinds, on one small image; MnasNet has those of MobileNetV2.

docs/networks.md has all of them.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.models.mobilenetv3 import InvertedResidualConfig
from torchvision.models.regnet import BlockParams
from torchvision.models.resnet import BasicBlock

from autorecon.compress import Bits, quantize


def mobilenet_v3() -> nn.Module:
    """Plain, squeezed and strided blocks, with ReLU and Hardswish."""
    rows = [
        (16, 3, 16, 16, True, "RE", 2, 1),
        (16, 3, 72, 24, False, "RE", 2, 1),
        (24, 5, 96, 24, True, "HS", 1, 1),
    ]
    blocks = [InvertedResidualConfig(*row, width_mult=1.0) for row in rows]
    return models.MobileNetV3(blocks, last_channel=64, num_classes=10)


def regnet_y() -> nn.Module:
    blocks = BlockParams([1, 2], [32, 64], [16, 16], [1.0, 1.0], [2, 2], se_ratio=0.25)
    return models.RegNet(blocks, num_classes=10)


FAMILIES: dict[str, Callable[[], nn.Module]] = {
    "resnet": lambda: models.ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10),
    "mobilenet_v2": lambda: models.MobileNetV2(
        10, inverted_residual_setting=[[1, 16, 1, 1], [6, 24, 2, 2]]
    ),
    "mobilenet_v3": mobilenet_v3,
    "shufflenet_v2": lambda: models.ShuffleNetV2([2, 2, 1], [24, 48, 96, 192, 256], num_classes=10),
    "squeezenet": lambda: models.SqueezeNet("1_1", num_classes=10),
    "regnet_y": regnet_y,
}


@pytest.mark.parametrize("name", FAMILIES)
def test_captured_whole_and_quantized_closely(name: str) -> None:
    net = with_weights(FAMILIES[name]())
    shape = (3, 64, 64)
    images = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
    expected = net(images)
    student = quantize(net, shape, Bits(8, 8), "minmax")
    assert student.coverage.share_of_macs == 1
    assert set(student.module.state_dict()) >= set(net.state_dict())
    weighted = [n for n, m in net.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert sorted(weighted) == sorted(s.name for s in student.report if s.kind == "weight")
    logits = student(images)
    assert 0 < (logits - expected).norm() < 0.2 * expected.norm()


@torch.no_grad()
def with_weights(net: nn.Module) -> nn.Module:
    """Weights that keep the variance of features, whatever the network is initialised with."""
    torch.manual_seed(0)
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            fan = layer.weight[0].numel()
            layer.weight.copy_(torch.randn(layer.weight.shape) * (2 / fan) ** 0.5)
    noise: Tensor = torch.randn(4, 3, 64, 64)
    for _ in range(3):
        net.train()(noise)
    return net.eval()
