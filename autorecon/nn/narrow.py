"""Convolutions to few channels, as one product of matrices."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from autorecon.lowering.plan import Grid


def convolve_narrow(x: Tensor, kernel: Tensor, bias: Tensor | None, grid: Grid) -> Tensor:
    """The convolution [N, I, H, W] -> [N, O, H, W] with a kernel [O, I, size, size].

    The product [N, O * taps, H * W] is what every pixel adds; `fold` adds it where it belongs.
    """
    # A tap that is before the middle takes a pixel to a position behind it.
    by_tap = kernel.flip(2, 3).permute(0, 2, 3, 1).flatten(0, 2)
    parts = torch.bmm(by_tap.expand(len(x), -1, -1), x.flatten(2))
    out = F.fold(parts, x.shape[2:], grid.size, dilation=grid.dilation, padding=grid.reach)
    return out if bias is None else out + bias.to(out.dtype)[:, None, None]
