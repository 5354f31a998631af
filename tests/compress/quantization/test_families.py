"""One classifier of each family of torchvision, as it is built there, on one small image.

docs/networks.md has all of them.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from autorecon.compress import Bits, quantize

NAMES = {
    "resnet18": 64, "mobilenet_v2": 64, "mobilenet_v3_small": 64, "shufflenet_v2_x0_5": 64,
    "squeezenet1_1": 64, "mnasnet0_5": 64, "regnet_y_400mf": 64,
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_captured_whole_and_quantized_closely(name: str) -> None:
    net = with_weights(models.get_model(name, weights=None, num_classes=10))
    shape = (3, NAMES[name], NAMES[name])
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
