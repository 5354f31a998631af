from __future__ import annotations

from math import fsum

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from autorecon.compress import fake_quantize
from autorecon.compress.quantization import ranges
from autorecon.compress.quantization.bits import ROUNDINGS
from autorecon.compress.quantization.ranges import (
    RANGES,
    WIDE,
    fitted_range,
    mse_range,
    percentile_range,
)
from autorecon.compress.quantization.rounding import multiple, quantize_weight, weight_scale

WIDTHS = range(2, 9)
NUMBERS = st.floats(-100, 100)


def slow(x: float, low: float, high: float, bits: int) -> float:
    """The published formula, in plain Python: round is half to even here as well."""
    half = 2 ** (bits - 1)
    scale = (2**bits - 1) / max(high - low, 1e-8)
    zero = round(scale * low) + half
    level = min(max(round(scale * x - zero), -half), half - 1)
    return (level + zero) / scale


def scalar(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


@given(st.lists(NUMBERS, min_size=1, max_size=20), NUMBERS, NUMBERS, st.sampled_from(WIDTHS))
def test_matches_the_slow_reference(
    values: list[float], one: float, other: float, bits: int
) -> None:
    low, high = min(one, other), max(one, other)
    x = torch.tensor(values, dtype=torch.float64)
    expected = [slow(value, low, high, bits) for value in values]
    assert fake_quantize(x, scalar(low), scalar(high), bits).tolist() == expected


@pytest.mark.parametrize("bits", WIDTHS)
def test_a_grid_of_two_to_the_bits_values_that_holds_zero(bits: int) -> None:
    x = torch.linspace(-2, 3, 5001)
    values = fake_quantize(x, torch.tensor(-1.0), torch.tensor(2.0), bits).unique()
    step = 3 / (2**bits - 1)
    assert len(values) == 2**bits
    assert 0 in values
    torch.testing.assert_close(values.diff(), torch.full((2**bits - 1,), step))
    assert values[0] == pytest.approx(-1, abs=step / 2)


@pytest.mark.parametrize("bits", WIDTHS)
def test_half_a_step_is_the_most_that_is_lost_inside_the_range(bits: int) -> None:
    x = torch.linspace(0, 6, 1001)
    error = (fake_quantize(x, torch.tensor(0.0), torch.tensor(6.0), bits) - x).abs().max()
    assert error <= 6 / (2**bits - 1) / 2 + 1e-6


def test_gradient_is_the_identity_even_where_values_are_clipped() -> None:
    x = torch.tensor([-50.0, -0.3, 0.1, 50.0], requires_grad=True)
    upstream = torch.tensor([1.0, 2.0, 3.0, 4.0])
    fake_quantize(x, torch.tensor(-1.0), torch.tensor(1.0), 3).backward(upstream)
    assert torch.equal(x.grad, upstream)


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("shape", [(3, 2, 3, 3), (3, 5)])
def test_each_output_channel_of_a_weight_has_its_own_range(
    shape: tuple[int, ...], bits: int
) -> None:
    torch.manual_seed(0)
    weight = torch.randn(shape, dtype=torch.float64) * torch.tensor([0.01, 1, 100]).view(
        -1, *[1] * (len(shape) - 1)
    )
    weight.requires_grad_()
    quantized = quantize_weight(weight, bits, "plain")
    for channel, result in zip(weight.tolist(), quantized.tolist(), strict=True):
        values = torch.tensor(channel, dtype=torch.float64).flatten().tolist()
        expected = [slow(value, min(values), max(values), bits) for value in values]
        assert torch.tensor(result).flatten().tolist() == torch.tensor(expected).tolist()
    quantized.sum().backward()
    assert torch.equal(weight.grad, torch.ones_like(weight))


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_a_constant_channel_keeps_its_value(rounding: str) -> None:
    weight = torch.tensor([[0.25, 0.25], [0.0, 0.0], [1.0, -1.0]])
    torch.testing.assert_close(quantize_weight(weight, 3, rounding)[:2], weight[:2])


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("shape", [(3, 2, 3, 3), (3, 5)])
def test_unbiased_rounding_goes_from_end_to_end_and_keeps_means(
    shape: tuple[int, ...], bits: int
) -> None:
    """Against a slow version: the nearest of 2^bits even values, then a shift to the mean."""
    torch.manual_seed(0)
    weight = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    unbiased = quantize_weight(weight, bits, "unbiased")
    for exact, result in zip(weight.tolist(), unbiased.tolist(), strict=True):
        values = torch.tensor(exact, dtype=torch.float64).flatten().tolist()
        low, step = min(values), (max(values) - min(values)) / (2**bits - 1)
        grid = [low + step * level for level in range(2**bits)]
        rounded = [min(grid, key=lambda at: abs(at - value)) for value in values]
        shift = (fsum(values) - fsum(rounded)) / len(values)
        expected = [value + shift for value in rounded]
        assert torch.tensor(result).flatten().tolist() == pytest.approx(expected, abs=1e-6)
    unbiased.sum().backward()
    assert torch.equal(weight.grad, torch.ones_like(weight))


def test_unbiased_rounding_does_not_hang_on_the_last_digit() -> None:
    """An edge filter: its ends are as far from zero, and a flat patch is nothing to it."""
    weight = torch.tensor([[-1.0, 0.0, 1.0]]).repeat(2, 1)
    weight[0, 0] -= 1e-4
    weight[1, 2] += 1e-4
    plain, unbiased = (quantize_weight(weight, 3, rounding).sum(1) for rounding in ROUNDINGS)
    assert abs(float(plain[0] - plain[1])) > 0.25
    torch.testing.assert_close(unbiased, weight.sum(1))


def test_unbiased_rounding_puts_its_grid_where_it_was_for_a_last_digit() -> None:
    """As above, weight by weight: a grid that holds zero would jump by half a step."""
    weight = torch.tensor([[-1.0, 0.1, 1.0]]).repeat(2, 1)
    weight[0, 0] -= 1e-4
    weight[1, 2] += 1e-4
    plain, unbiased = (quantize_weight(weight, 3, rounding) for rounding in ROUNDINGS)
    assert (plain[0] - plain[1]).abs().max() > 0.25
    assert (unbiased[0] - unbiased[1]).abs().max() < 1e-3


@pytest.mark.parametrize(("count", "rank"), [(10, 1), (1000, 1), (1001, 2), (5000, 5)])
def test_percentile_leaves_a_thousandth_above(count: int, rank: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(count)
    low, high = percentile_range(x.view(1, -1), 4)
    assert low == min(x.tolist())
    assert high == sorted(x.tolist(), reverse=True)[rank - 1]


def test_percentile_of_a_large_tensor_takes_a_bounded_even_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ranges, "SAMPLE_LIMIT", 4096)
    torch.manual_seed(0)
    x = torch.randn(8, 16, 32, 32).relu()
    x[:, 3] *= 5
    low, high = percentile_range(x.view(1, -1), 4)
    assert torch.equal(high, percentile_range(x.view(1, -1), 4)[1])
    assert low == 0
    full = x.flatten().sort(descending=True).values[x.numel() // 1000 - 1]
    assert high == pytest.approx(full.item(), rel=0.1)


def lost(x: Tensor, low: Tensor, high: Tensor, bits: int) -> float:
    return float((fake_quantize(x, low, high, bits) - x).square().mean())


@pytest.mark.parametrize("bits", WIDTHS)
def test_mse_loses_next_to_the_least_that_any_end_would(bits: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(20_000).relu() ** 2
    low, high = mse_range(x.view(1, -1), bits)
    assert low == 0
    ends = torch.linspace(0.01, float(x.max()), 1000)
    least = min(lost(x, low, end, bits) for end in ends)
    assert lost(x, low, high, bits) <= 1.03 * least


def test_mse_cuts_off_more_where_there_are_fewer_bits() -> None:
    torch.manual_seed(0)
    x = torch.randn(20_000).relu() ** 2
    highs = [float(mse_range(x.view(1, -1), bits)[1]) for bits in WIDTHS]
    assert highs == sorted(highs)
    assert highs[0] < highs[3] < highs[-1] <= float(x.max())


@pytest.mark.parametrize("name", RANGES)
def test_ends_of_rows_are_those_of_each_alone(name: str) -> None:
    torch.manual_seed(0)
    rows, ends = torch.randn(3, 900).relu() * torch.tensor([[1.0], [5.0], [0.0]]), RANGES[name].ends
    for bits in (3, 8):
        together, alone = ends(rows, bits), [ends(row.view(1, -1), bits) for row in rows]
        assert torch.equal(
            torch.stack(together), torch.cat([torch.stack(pair) for pair in alone], 1)
        )


def test_fitted_ranges_cut_off_what_few_bits_cannot_hold() -> None:
    torch.manual_seed(0)
    x = torch.randn(1, 20_000).relu() ** 2
    for bits in WIDTHS:
        of = mse_range if bits >= WIDE else percentile_range
        assert fitted_range(x, bits) == of(x, bits)


@pytest.mark.parametrize("value", [0.0, -2.0, 3.0])
def test_mse_of_what_is_all_the_same_is_that(value: float) -> None:
    assert [end.item() for end in mse_range(torch.full((1, 10), value), 3)] == [value, value]


def test_mse_of_bfloat16_is_that_of_its_float32() -> None:
    x = torch.linspace(-1, 3, 5000).bfloat16().view(1, -1)
    assert mse_range(x, 3) == mse_range(x.float(), 3)


def test_bfloat16_is_quantized_as_float32_is() -> None:
    x = torch.linspace(-1, 3, 50).bfloat16()
    low, high = torch.tensor(-0.3), torch.tensor(2.1)
    assert torch.equal(
        fake_quantize(x, low, high, 4), fake_quantize(x.float(), low, high, 4).bfloat16()
    )


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_an_integer_engines_weights_are_steps_between_bytes(bits: int, rounding: str) -> None:
    torch.manual_seed(0)
    lopsided = torch.tensor([-5.0, 0, 0.3, 5]).view(4, 1)
    weight = torch.randn(4, 50, dtype=torch.float64) + lopsided
    quantized = quantize_weight(weight, bits, rounding, integer=True)
    scale = weight_scale(weight, bits, rounding, integer=True).view(4, 1) * multiple(bits)
    steps = quantized * scale
    torch.testing.assert_close(steps, steps.round(), rtol=0, atol=1e-6)
    # A byte less its zero point, which is a byte as well, and 0 of signed ones with 8 bits.
    least, most = (-128, 127) if bits == 8 else (-255, 255)
    assert steps.min().round() >= least
    assert steps.max().round() <= most
    assert (quantized - weight).abs().max() < 1.1 * multiple(bits) / scale.min()
