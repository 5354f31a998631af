"""Convolutions of repeated pixels against pixels that are repeated, then convolved."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from autorecon.lowering.plan import Grid
from autorecon.nn.repeated import convolve_repeated


def written_out(x: Tensor, kernel: Tensor, bias: Tensor, grid: Grid, factor: int, groups: int):
    repeated = x.repeat_interleave(factor, 2).repeat_interleave(factor, 3)
    return F.conv2d(repeated, kernel, bias, 1, grid.reach, grid.dilation, groups)


@pytest.mark.parametrize("size", [1, 3, 5, 7])
@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize(("factor", "groups"), [(2, 1), (3, 2), (4, 1)])
def test_pixels_need_not_be_repeated(size: int, dilation: int, factor: int, groups: int) -> None:
    grid = Grid(size, dilation)
    found = []
    for way in (convolve_repeated, written_out):
        random = torch.Generator().manual_seed(0)
        shapes = ((2, 4, 3, 5), (6, 4 // groups, size, size), (6,))
        leaves = [torch.randn(s, generator=random, dtype=torch.float64) for s in shapes]
        x, kernel, bias = (leaf.requires_grad_() for leaf in leaves)
        out = way(x, kernel, bias, grid, factor, groups)
        (out * torch.arange(out.numel(), dtype=out.dtype).sin().view_as(out)).sum().backward()
        found.append([out, x.grad, kernel.grad, bias.grad])
    torch.testing.assert_close(*found, rtol=1e-12, atol=1e-12)
