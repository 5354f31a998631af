from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autorecon.compress import Bits, quantize
from autorecon.compress.reconstruction import observe


class Normed(nn.Module):
    """A norm after a sum, so that no scheme folds it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.last = nn.Conv2d(1, 3, 1), nn.BatchNorm2d(3), nn.Linear(3, 2)
        nn.init.constant_(self.norm.bias, 1.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(F.relu(self.norm(self.conv(x) + x)).mean((2, 3)))


def test_ranges_are_those_of_values_with_the_statistics_of_the_norms() -> None:
    torch.manual_seed(0)
    net = Normed().eval()
    images = 0.3 * torch.randn(20, 1, 5, 5)  # weaker than the norm has them
    quick, told = (quantize(net, (1, 5, 5), Bits(8, 8), "minmax") for _ in range(2))
    with torch.no_grad():
        quick(images)
        observe(told, images)
        net.train()  # so that the norm has the images' own statistics
        values = F.relu(net.norm(net.conv(images) + images))
    (seen,), (known,) = quick.quantizers(), told.quantizers()
    torch.testing.assert_close(known.high, values.max(), rtol=0.01, atol=0)
    assert known.high > 1.5 * seen.high
    for (weight, _), (kept, _) in zip(
        told.weights().values(), quick.weights().values(), strict=True
    ):
        assert torch.equal(weight, kept)
