from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from autorecon.compress import CompressConfig, CompressError, check_method
from autorecon.compress.engine.activation_maps import activation_maps, last_convolution
from autorecon.compress.quantization.capture import capture


def test_a_map_by_hand() -> None:
    """Slopes of mean 2 and -1: 2 * (1, 3) - (4, 0) = (-2, 6), of which ReLU leaves (0, 6)."""
    features = torch.tensor([[[[1.0, 3.0]], [[4.0, 0.0]]]])
    slopes = torch.tensor([[[[0.0, 4.0]], [[-1.0, -1.0]]]])
    torch.testing.assert_close(activation_maps(features, slopes), torch.tensor([[[0.0, 1.0]]]))
    # (8, 2), shared out from 0 to 1; nothing at all stays nothing.
    torch.testing.assert_close(
        activation_maps(features, -slopes.abs() * torch.tensor([0, -2.0])[:, None, None]),
        torch.tensor([[[1.0, 0.0]]]),
    )
    assert activation_maps(features, torch.zeros_like(slopes)).tolist() == [[[0.0, 0.0]]]


class Gated(nn.Module):
    """The last convolution is of one position."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(1, 2, 3), nn.Conv2d(2, 2, 3, stride=2)
        self.gate, self.head = nn.Conv2d(2, 2, 1), nn.Linear(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.last(self.first(x).relu())
        x = x * self.gate(x.mean((2, 3), keepdim=True)).sigmoid()
        return self.head(x.mean((2, 3)))


@pytest.mark.parametrize(("net", "size", "name"), [
    (Gated(), 7, "last"),
    (Gated(), 5, "first"),
])  # fmt: skip
def test_maps_are_of_the_last_convolution_that_has_any(
    net: nn.Module, size: int, name: str
) -> None:
    assert last_convolution(capture(net, (1, size, size))).meta["label"] == name


def test_a_teacher_without_maps_is_refused_before_anything_runs() -> None:
    net = nn.Sequential(nn.Conv2d(1, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(3, 3)).eval()
    for method in ("gdfq", "dfc"):
        with pytest.raises(CompressError, match="several positions: leave it at 0"):
            check_method(net, CompressConfig(method, cam=1.0, objective="ce"), (1, 2, 2))
