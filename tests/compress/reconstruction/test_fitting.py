from __future__ import annotations

import pytest
import torch
from torch import Tensor

from autorecon.compress.quantization.bits import ROUNDINGS
from autorecon.compress.quantization.layers import WeightQuantizer
from autorecon.compress.reconstruction import fitting
from autorecon.compress.reconstruction.fitting import fitted, matched


def _slowly(weight: Tensor, squares: Tensor, low: Tensor, step: Tensor, levels: int) -> Tensor:
    """One channel, one input after the other, with the inverse of those left computed anew."""
    left, weight, rounded = list(range(len(weight))), weight.clone(), weight.clone()
    for _ in range(len(weight)):
        i = max(left, key=lambda i: squares[i, i])
        level = ((weight[i] - low) / step).round().clamp(0, levels - 1)
        rounded[i] = low + step * level
        inverse = torch.linalg.inv(squares[left][:, left])
        place = left.index(i)
        taken = (weight[i] - rounded[i]) / inverse[place, place] * inverse[place]
        weight[left] = weight[left] - taken
        left.remove(i)
    return rounded


@pytest.mark.parametrize("block", [2, 64])
def test_inputs_are_rounded_in_turn_and_the_others_take_up_the_error(
    monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(fitting, "BLOCK", block)
    torch.manual_seed(1)
    weight = torch.randn(2, 3, 5, dtype=torch.float64)
    values = torch.randn(2, 40, 5, dtype=torch.float64) @ torch.randn(5, 5, dtype=torch.float64)
    quantizer = WeightQuantizer(3, "unbiased")
    found = fitted(weight, values, values, quantizer)
    squares = fitting._damped(values.mT @ values / 40, fitting.DAMPING)
    low, step = fitting._grid(weight, squares, quantizer)
    for group in range(2):
        for out in range(3):
            grid = low[group, out, 0], step[group, out, 0], 8
            expected = _slowly(weight[group, out], squares[group], *grid)
            torch.testing.assert_close(found[group, out], expected)


def test_two_inputs_that_are_one_share_what_rounding_leaves() -> None:
    # On a grid of thirds 0.4 is rounded down by 0.07, so 0.6 is to be 0.67 and not 0.33.
    weight = torch.tensor([[[0.0, 1.0, 0.45, 0.45]]])
    values = torch.diag(torch.tensor([2.0, 2.0, 1.0, 1.0]))[None]
    values[0, 3] = values[0, 2] = torch.tensor([0.0, 0.0, 1.0, 1.0])
    found = fitted(weight, values, values, WeightQuantizer(2, "unbiased"))
    torch.testing.assert_close(found.flatten(), torch.tensor([0.0, 1.0, 1 / 3, 2 / 3]))


def test_a_layer_is_fitted_to_what_the_teachers_gives_of_other_values() -> None:
    torch.manual_seed(1)
    weight, taught = torch.randn(1, 4, 6), torch.randn(1, 300, 6)
    found = 0.5 * taught  # so that weights twice as large mend it all
    # Held back by a tenth: 2 - 0.1 / 1.1.
    exact = weight * (2 - 1 / 11)
    torch.testing.assert_close(matched(weight, taught, found), exact, rtol=0.03, atol=0.03)


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_what_has_bits_enough_is_not_moved(bits: int) -> None:
    torch.manual_seed(1)
    weight, taught = torch.randn(1, 4, 6), torch.randn(1, 300, 6)
    quantizer, found = WeightQuantizer(bits, "unbiased"), 0.5 * taught
    alone = fitted(matched(weight, taught, found) if bits < 4 else weight, found, found, quantizer)
    torch.testing.assert_close(fitted(weight, taught, found, quantizer), alone)


def test_what_no_input_reaches_is_rounded_as_it_is() -> None:
    weight, nothing = torch.tensor([[[0.0, 1.0, 0.4]]]), torch.zeros(1, 5, 3)
    found = fitted(weight, nothing, nothing, WeightQuantizer(2, "unbiased"))
    torch.testing.assert_close(found.flatten(), torch.tensor([0.0, 1.0, 1 / 3]))


@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("bits", [2, 3, 4, 5, 6, 7])
def test_a_grid_that_holds_is_left_by_rounding(bits: int, rounding: str, integer: bool) -> None:
    torch.manual_seed(bits)
    quantizer = WeightQuantizer(bits, rounding, integer=integer)
    low, step = quantizer.held_grid(-torch.rand(9, 1) - 0.1, torch.rand(9, 1) + 0.1)
    levels = torch.randint(2**bits, (9, 12))
    levels[:, 0], levels[:, 1] = 0, 2**bits - 1
    weight = low + step * levels
    torch.testing.assert_close(quantizer(weight), weight, rtol=0, atol=1e-5)
