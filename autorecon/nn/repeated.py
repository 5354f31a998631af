"""Convolutions of repeated pixels, computed on the pixels themselves."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from autorecon.lowering.plan import Grid
from autorecon.nn.kernels import spread


def convolve_repeated(
    x: Tensor, kernel: Tensor, bias: Tensor | None, grid: Grid, factor: int, groups: int = 1
) -> Tensor:
    """The convolution of x with each pixel repeated, [N, I, H, W] -> [N, O, factor*H, factor*W]."""
    dense = spread(kernel, grid, Grid(2 * grid.reach + 1, 1))
    # Transposed, a kernel is read backwards, and its inputs come first.
    summed = _over_copies(dense.flip(2, 3), factor)
    by_input = summed.unflatten(0, (groups, -1)).transpose(1, 2).flatten(0, 1)
    return F.conv_transpose2d(x, by_input, bias, factor, grid.reach, groups=groups)


def _over_copies(kernel: Tensor, factor: int) -> Tensor:
    """[O, I, size, size] -> [O, I, size + factor - 1, ...]: summed over shifts along both axes."""
    for last in (False, True):
        shifts = [(copy, factor - 1 - copy) for copy in range(factor)]
        kernel = sum(F.pad(kernel, pair if last else (0, 0, *pair)) for pair in shifts)  # type: ignore[assignment]
    return kernel
