from __future__ import annotations

import pytest
import torch

from autorecon.compress.quantization.bits import ROUNDINGS
from autorecon.compress.quantization.layers import (
    ActivationQuantizer,
    WeightQuantizer,
    dropping,
)
from autorecon.compress.quantization.ranges import RANGES
from autorecon.compress.quantization.rounding import quantize_weight


@pytest.mark.parametrize("ranges", RANGES)
def test_ranges_follow_the_batches_from_the_first_one_on(ranges: str) -> None:
    torch.manual_seed(0)
    quantizer = ActivationQuantizer(4, ranges)
    batches = [torch.randn(4, 3, 10, 10) * (step + 1) + 1 for step in range(4)]
    low, high = (end.item() for end in RANGES[ranges].ends(batches[0].view(1, -1), 4))
    quantizer(batches[0])
    assert (quantizer.low.item(), quantizer.high.item()) == (low, high)
    for batch in batches[1:]:
        quantizer(batch)
        new_low, new_high = (end.item() for end in RANGES[ranges].ends(batch.view(1, -1), 4))
        low, high = 0.9 * low + 0.1 * new_low, 0.9 * high + 0.1 * new_high
    assert quantizer.low.item() == pytest.approx(low, rel=1e-6)
    assert quantizer.high.item() == pytest.approx(high, rel=1e-6)


def test_a_frozen_range_stays() -> None:
    quantizer = ActivationQuantizer(3, "minmax")
    quantizer(torch.tensor([0.0, 7.0]))
    quantizer.observing = False
    assert quantizer(torch.tensor([-5.0, 2.2, 70.0])).tolist() == [0.0, 2.0, 7.0]
    assert (quantizer.low.item(), quantizer.high.item()) == (0.0, 7.0)


def test_a_share_of_the_values_is_left_while_quantizers_are_dropped() -> None:
    quantizer = ActivationQuantizer(2, "minmax")
    x = torch.rand(40, 50)
    whole = quantizer(x)
    quantizer.observing = False
    with dropping(quantizer, 0.25):
        found = quantizer(x)
    left = found == x
    assert torch.equal(torch.where(left, whole, found), whole)
    assert left.float().mean() == pytest.approx(0.25, abs=0.05)
    assert torch.equal(quantizer(x), whole)


def test_the_range_survives_in_the_state_dict() -> None:
    quantizer, other = (ActivationQuantizer(3, "minmax") for _ in range(2))
    quantizer(torch.tensor([-1.0, 3.0]))
    other.load_state_dict(quantizer.state_dict())
    assert other.initialised
    other(torch.tensor([-1.0, 13.0]))
    assert other.high.item() == pytest.approx(0.9 * 3 + 0.1 * 13)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_a_weight_has_a_range_an_output_channel(rounding: str) -> None:
    weight = torch.randn(4, 3, 5, 5)
    expected = quantize_weight(weight, 3, rounding)
    assert torch.equal(WeightQuantizer(3, rounding)(weight), expected)
    turned = WeightQuantizer(3, rounding, axis=2)(weight.movedim(0, 2))
    assert torch.equal(turned, expected.movedim(0, 2))


def test_a_transposed_convolution_has_output_channels_in_each_group() -> None:
    """Against the weights of each output channel, picked out one by one."""
    weight = torch.randn(4, 3, 2, 2)
    found = WeightQuantizer(2, "unbiased", axis=1, groups=2)(weight)
    for group in range(2):
        for channel in range(3):
            own = weight[2 * group : 2 * group + 2, channel][None]
            expected = quantize_weight(own, 2, "unbiased")[0]
            assert torch.equal(found[2 * group : 2 * group + 2, channel], expected)
