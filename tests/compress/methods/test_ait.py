"""Gradient inundation: how far a step is scaled, and that it moves the share that was asked for."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from autorecon.compress import Bits, CompressConfig, quantize
from autorecon.compress.methods.ait import Move, scales, update
from autorecon.compress.quantization.bits import ROUNDINGS
from autorecon.compress.quantization.layers import WeightQuantizer
from autorecon.compress.quantization.rounding import encode_weight, quantize_weight
from autorecon.compress.student import QuantizedStudent


def moved(old: Tensor, step: Tensor, factor: float, bits: int) -> float:
    """The share of weights whose level changes."""
    now, before = (encode_weight(x, bits, "unbiased").codes for x in (old + factor * step, old))
    changed = now != before
    return float(changed.float().mean())


def scale(old: Tensor, step: Tensor, quantizer: WeightQuantizer, share: float) -> float:
    (found,) = scales([Move(old, step, quantizer)], share)
    return found


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("bits", range(2, 9))
def test_levels_are_integers_of_the_grid_that_weights_are_rounded_to(
    bits: int, rounding: str
) -> None:
    torch.manual_seed(bits)
    weight = torch.randn(4, 3, 3, 3, dtype=torch.float64) + torch.arange(4.0).view(-1, 1, 1, 1)
    levels = encode_weight(weight, bits, rounding).codes
    assert levels.min() >= 0
    assert levels.max() <= 2**bits - 1
    low, high = weight.flatten(1).min(1).values, weight.flatten(1).max(1).values
    grid = ((high - low) / (2**bits - 1)).view(-1, 1, 1, 1)
    apart = quantize_weight(weight, bits, rounding) - levels * grid
    assert apart.flatten(1).std(1).max() < 1e-9


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_a_step_is_scaled_to_the_share_and_little_beyond(share: float) -> None:
    torch.manual_seed(0)
    old, step = torch.randn(8, 64), 1e-5 * torch.randn(8, 64)
    factor = scale(old, step, WeightQuantizer(3, "unbiased"), share)
    assert moved(old, step, 1.0, 3) < share <= moved(old, step, factor, 3)
    assert moved(old, step, 0.9 * factor, 3) < 1.3 * share


def test_a_step_that_is_large_enough_or_nothing_is_left_alone() -> None:
    torch.manual_seed(0)
    old = torch.randn(8, 64)
    assert scale(old, torch.randn(8, 64), WeightQuantizer(3, "unbiased"), 0.1) == 1
    assert scale(old, torch.zeros(8, 64), WeightQuantizer(3, "unbiased"), 0.1) == 1


def test_one_update_by_hand(teacher: nn.Module) -> None:
    """Quantized weights go along their own step as far as that takes, all else goes its own way."""
    config = CompressConfig(method="ait", inundation=0.2, bits="w3a3")
    student = QuantizedStudent(quantize(teacher, (1, 8, 8), Bits(3, 3)))
    student.begin([torch.randn(8, 1, 8, 8)])
    student(torch.randn(8, 1, 8, 8)).square().mean().backward()
    before = {n: p.detach().clone() for n, p in student.module.named_parameters()}
    quantizer = WeightQuantizer(3, "unbiased")
    optimiser = torch.optim.SGD(student.module.parameters(), 1e-6)
    update(student, optimiser, config, done=0.5)
    for name, now in student.module.named_parameters():
        step = -1e-6 * now.grad
        factor = scale(before[name], step, quantizer, 0.1) if now.dim() > 1 else 1.0
        torch.testing.assert_close(now - before[name], factor * step, rtol=1e-3, atol=1e-7)
    old, now = before["conv2.weight"], student.module.conv2.weight
    assert moved(old, now - old, 1, 3) > 0
