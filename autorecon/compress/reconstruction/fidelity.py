"""How much of what its teacher's layers give a student's layers give."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, fx

from autorecon.compress.quantization.calls import WeightedCall
from autorecon.compress.quantization.operations import CONVOLUTIONS, TRANSPOSED, operation
from autorecon.compress.reconstruction.side_by_side import Both, SideBySide


@torch.no_grad()
def fidelity(student: fx.GraphModule, taught: fx.GraphModule, images: Iterable[Tensor]) -> float:
    """In percent, on batches of images [N, C, H, W].

    Of each convolution and linear layer the share of the variance of the teacher's values that the
    student's explain, 1 - |s - t|^2 / |t - mean(t)|^2, with the mean of each channel, and no less
    than 0; then the mean of all layers. Each has what comes out of the layers before it, of its
    own network. `taught` is the graph as it was made of the teacher. 0 where the student gives no
    numbers.
    """
    shares = []
    for batch in images:
        explained = _Explained(student, taught)
        explained.run(batch)
        shares += explained.shares
    return 100 * sum(shares) / len(shares)


class _Explained(SideBySide):
    """Computes both, and what share of each layer is explained."""

    def __init__(self, student: fx.GraphModule, taught: fx.GraphModule) -> None:
        super().__init__(student, taught=taught)
        self.shares: list[float] = []

    def after(self, call: WeightedCall, both: Both) -> None:
        channels = 1 if operation(call.node) in CONVOLUTIONS | TRANSPOSED else both.taught.dim() - 1
        over = [place for place in range(both.taught.dim()) if place != channels]
        about = both.taught - both.taught.mean(over, keepdim=True)
        left = (both.found - both.taught).square().sum() / about.square().sum().clamp_min(1e-12)
        self.shares.append(float(torch.nan_to_num(1 - left, nan=0.0).clamp_min(0)))
