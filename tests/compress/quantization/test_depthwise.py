"""A range a channel for what depthwise convolutions alone read."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from autorecon.compress.quantization.bits import Bits
from autorecon.compress.quantization.layers import LEAST, ActivationQuantizer
from autorecon.compress.quantization.quantize import quantize

SHAPE = (1, 8, 8)


class Separable(nn.Module):
    """Pointwise, depthwise with twice the channels, pointwise; the depthwise one may be padded
    before, and `also` reads what it reads."""

    def __init__(self, pads: tuple[int, ...] = (), also: bool = False) -> None:
        super().__init__()
        self.pads, self.also = pads, also
        self.wide, self.bn1 = nn.Conv2d(1, 4, 1), nn.BatchNorm2d(4)
        self.deep, self.bn2 = nn.Conv2d(4, 8, 3, groups=4, bias=False), nn.BatchNorm2d(8)
        self.narrow, self.fc = nn.Conv2d(8, 4, 1), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.relu6(self.bn1(self.wide(x)))
        padded = nn.functional.pad(x, self.pads) if self.pads else x
        y = torch.relu(self.bn2(self.deep(padded)))
        logits: Tensor = self.fc(torch.relu(self.narrow(y)).mean((2, 3)))
        return logits + x.mean((1, 2, 3))[:, None] if self.also else logits


def by_channel(net: nn.Module, ranges: str = "channels", scheme: str = "gdfq") -> dict[str, int]:
    """How many ranges quantizers have, of those that have several."""
    model = quantize(net.eval(), SHAPE, Bits(4, 4), ranges, scheme=scheme)
    kinds = model.module.named_modules()
    found = {name: m for name, m in kinds if isinstance(m, ActivationQuantizer)}
    return {name: m.high.numel() for name, m in found.items() if m.by_channel}


@pytest.mark.parametrize("scheme", ["gdfq", "integer"])
@pytest.mark.parametrize("pads", [(), (1, 1, 1, 1)])
def test_what_depthwise_convolutions_alone_read(scheme: str, pads: tuple[int, ...]) -> None:
    (count,) = by_channel(Separable(pads), scheme=scheme).values()
    assert count == 4
    assert not by_channel(Separable(pads, also=True), scheme=scheme)
    assert not by_channel(Separable(pads), "mse", scheme)


def test_a_machine_needs_a_relu_before() -> None:
    """Elsewhere zero points of channels would differ, or steps have nowhere to go."""
    net = Separable()
    net.wide = nn.Sequential(net.wide, nn.BatchNorm2d(4), nn.Hardswish())  # type: ignore[assignment]
    net.bn1 = nn.Identity()  # type: ignore[assignment]

    def forward(x: Tensor) -> Tensor:
        logits: Tensor = net.fc(torch.relu(net.deep(net.wide(x))).mean((2, 3)).narrow(1, 0, 4))
        return logits

    net.forward = forward  # type: ignore[method-assign]
    assert list(by_channel(net).values()) == [4]
    assert not by_channel(net, scheme="integer")


def test_each_channel_has_its_own_end_with_zero_in_its_range() -> None:
    quantizer = ActivationQuantizer(2, "channels", shape=(3, 1, 1))
    images = torch.tensor([[[[3.0, 6.0]], [[0.75, 1.5]], [[0.0, 0.0]]]])
    found = quantizer(images)
    assert quantizer.high.flatten().tolist() == [6.0, 1.5, 6 * LEAST]
    assert quantizer.low.flatten().tolist() == [0.0] * 3
    # Levels are 0, 2, 4, 6 and 0, 0.5, 1, 1.5: halves go to the even one.
    assert found.flatten().tolist() == [4.0, 6.0, 1.0, 1.5, 0.0, 0.0]


def test_channels_are_quantized_as_each_would_be_alone() -> None:
    torch.manual_seed(0)
    images = torch.randn(8, 3, 10, 10).relu() * torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1)
    for bits in (3, 8):
        together = ActivationQuantizer(bits, "channels", shape=(3, 1, 1))(images)
        for channel in range(3):
            alone = ActivationQuantizer(bits, "channels")(images[:, channel : channel + 1])
            assert torch.equal(together[:, channel : channel + 1], alone)
