from __future__ import annotations

import pytest
import torch
from torch import nn

from autorecon.compress.quantization.bits import ROUNDINGS
from autorecon.compress.quantization.layers import (
    ActivationQuantizer,
    QuantizedConv2d,
    QuantizedLinear,
)
from autorecon.compress.quantization.ranges import RANGES
from autorecon.compress.quantization.rounding import quantize_weight


@pytest.mark.parametrize("ranges", RANGES)
def test_ranges_follow_the_batches_from_the_first_one_on(ranges: str) -> None:
    torch.manual_seed(0)
    quantizer = ActivationQuantizer(4, ranges)
    batches = [torch.randn(4, 3, 10, 10) * (step + 1) + 1 for step in range(4)]
    low, high = (end.item() for end in RANGES[ranges].ends(batches[0], 4))
    quantizer(batches[0])
    assert (quantizer.low.item(), quantizer.high.item()) == (low, high)
    for batch in batches[1:]:
        quantizer(batch)
        new_low, new_high = (end.item() for end in RANGES[ranges].ends(batch, 4))
        low, high = 0.9 * low + 0.1 * new_low, 0.9 * high + 0.1 * new_high
    assert quantizer.low.item() == pytest.approx(low, rel=1e-6)
    assert quantizer.high.item() == pytest.approx(high, rel=1e-6)


def test_a_frozen_range_stays() -> None:
    quantizer = ActivationQuantizer(3, "minmax")
    quantizer(torch.tensor([0.0, 7.0]))
    quantizer.observing = False
    assert quantizer(torch.tensor([-5.0, 2.2, 70.0])).tolist() == [0.0, 2.0, 7.0]
    assert (quantizer.low.item(), quantizer.high.item()) == (0.0, 7.0)


def test_the_range_survives_in_the_state_dict() -> None:
    quantizer, other = (ActivationQuantizer(3, "minmax") for _ in range(2))
    quantizer(torch.tensor([-1.0, 3.0]))
    other.load_state_dict(quantizer.state_dict())
    assert other.initialised
    other(torch.tensor([-1.0, 13.0]))
    assert other.high.item() == pytest.approx(0.9 * 3 + 0.1 * 13)


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("mode", ["zeros", "reflect"])
def test_convolution_computes_with_the_quantized_weight(
    bias: bool, mode: str, rounding: str
) -> None:
    conv = nn.Conv2d(4, 6, (3, 5), (2, 1), 1, 2, 2, bias, mode)
    quantized = QuantizedConv2d.of(conv, 3, rounding)
    x = torch.randn(2, 4, 12, 12)
    assert quantized.weight is conv.weight
    assert list(quantized.state_dict()) == list(conv.state_dict())
    actual = quantized(x)
    conv.weight.data = quantize_weight(conv.weight.data, 3, rounding)
    assert torch.equal(actual, conv(x))


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("bias", [True, False])
def test_linear_computes_with_the_quantized_weight(bias: bool, rounding: str) -> None:
    linear = nn.Linear(5, 3, bias)
    quantized = QuantizedLinear.of(linear, 2, rounding)
    x = torch.randn(4, 5)
    actual = quantized(x)
    expected = x @ quantize_weight(linear.weight, 2, rounding).T
    torch.testing.assert_close(actual, expected + linear.bias if bias else expected)
    actual.sum().backward()
    assert linear.weight.grad is not None
