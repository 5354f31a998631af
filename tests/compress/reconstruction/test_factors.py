from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autorecon.compress.quantization.calls import parameter, weighted_calls
from autorecon.compress.quantization.capture import capture
from autorecon.compress.reconstruction.factors import factors, has_factors

LAYERS: list[tuple[int, int, int | tuple[int, int], dict[str, Any]]] = [
    (4, 6, 3, {}),
    (4, 6, 1, {"stride": 2}),
    (4, 6, (3, 2), {"padding": (2, 1), "stride": (2, 3)}),
    (4, 6, (3, 4), {"padding": "same", "dilation": (1, 2)}),
    (4, 8, 3, {"groups": 2, "padding": "valid"}),
    (4, 8, 3, {"groups": 4, "padding": 1, "dilation": 2}),
]


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_rows_times_a_weight_are_what_a_convolution_gives(layer: Any) -> None:
    channels, out, kernel, settings = layer
    conv = nn.Conv2d(channels, out, kernel, bias=False, **settings)
    (call,) = weighted_calls(traced := capture(nn.Sequential(conv), (channels, 9, 8)))
    images, weight = torch.randn(3, channels, 9, 8), parameter(traced, call.weight)
    rows = factors(call, images, weight.shape)
    groups = len(rows)
    given = rows @ weight.view(groups, out // groups, -1).mT
    expected = conv(images).flatten(2).permute(1, 0, 2).reshape(groups, out // groups, -1)
    torch.testing.assert_close(given.mT, expected)
    assert has_factors(call)


class Products(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up, self.fc = nn.ConvTranspose2d(2, 2, 2, 2), nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.fc(self.up(x)).mean((1, 2)))


def test_linear_layers_have_rows_and_transposed_convolutions_have_none() -> None:
    up, linear = weighted_calls(capture(Products(), (2, 3, 3)))
    assert not has_factors(up)
    assert has_factors(linear)
    assert factors(linear, torch.randn(4, 2, 6, 6), (5, 6)).shape == (1, 48, 6)


def test_of_many_places_some_are_taken_the_same_of_both_networks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("autorecon.compress.reconstruction.factors.ROWS", 10)
    (call,) = weighted_calls(capture(nn.Sequential(nn.Conv2d(1, 1, 1)), (1, 4, 4)))
    image = torch.arange(16.0).view(1, 1, 4, 4)
    rows = factors(call, image, (1, 1, 1, 1))
    assert len(set(rows.flatten().tolist())) == 10
    torch.testing.assert_close(factors(call, -image, (1, 1, 1, 1)), -rows)
    assert factors(call, image.expand(3, -1, -1, -1), (1, 1, 1, 1)).shape == (1, 9, 1)


@pytest.mark.parametrize("size", [8, 16, 32, 56])
def test_places_that_are_taken_are_of_all_columns(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = torch.arange(float(size)).expand(8, 1, size, size)
    monkeypatch.setattr("autorecon.compress.reconstruction.factors.ROWS", 8 * size)
    (call,) = weighted_calls(capture(nn.Sequential(nn.Conv2d(1, 1, 1)), (1, size, size)))
    columns = factors(call, images, (1, 1, 1, 1)).flatten()
    assert len(columns) == 8 * size
    assert (columns.long().bincount(minlength=size) > 0).all()
