"""Strides are padded as networks of others are, whatever the kernel."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

import autorecon

# Written, torch's padding and output padding, and the place where that is found.
CONVOLUTIONS = [
    ("conv(3, stride=2)", 1),  # ResNet, DARTS
    ("conv(5, stride=2)", 2),
    ("conv(5, stride=2, dilation=2)", 4),  # DARTS
    ("conv(1, stride=2)", 0),  # ResNet's shortcut
    ("conv(4, stride=2)", 1),  # pix2pix
    ("conv(2, stride=2)", 0),
    ("conv(4, stride=4)", 0),  # patches
    ("conv(8, stride=4)", 2),
]
TRANSPOSED = [
    ("deconv(4)", 1, 0),  # DCGAN
    ("deconv(3)", 1, 1),  # CycleGAN
    ("deconv(5)", 2, 1),
    ("deconv(2)", 0, 0),
    ("deconv(1)", 0, 1),
    ("deconv(4, stride=4)", 0, 0),
]


def made(written: str, size: int) -> tuple[torch.Tensor, torch.Tensor, torch.nn.Module]:
    """Noise as maps [2, 3, 8, 8], what one operation makes of it, and its module."""
    text = f"space s\ninput z [3, 8, 8]: noise\noutput image [5, {size}, {size}]\n"
    net = autorecon.generator(autorecon.loads(f"{text}link z -> image = {written}\n"), seed=0)
    z = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    (module,) = (m for m in net.double().modules() if hasattr(m, "weight"))
    return z, net(z), module


@pytest.mark.parametrize(("written", "padding"), CONVOLUTIONS)
def test_convolutions(written: str, padding: int) -> None:
    stride = int(written.split("stride=")[1][0])
    z, out, module = made(written, 8 // stride)
    dilation = 2 if "dilation" in written else 1
    expected = F.conv2d(z, module.weight, module.bias, stride, padding, dilation)
    torch.testing.assert_close(out, expected)


@pytest.mark.parametrize(("written", "padding", "output_padding"), TRANSPOSED)
def test_transposed_convolutions(written: str, padding: int, output_padding: int) -> None:
    stride = 4 if "stride" in written else 2
    z, out, module = made(written, 8 * stride)
    weight, bias = module.weight, module.bias
    expected = F.conv_transpose2d(z, weight, bias, stride, padding, output_padding)
    torch.testing.assert_close(out, expected)
