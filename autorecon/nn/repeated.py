"""Convolutions of repeated pixels, computed on the pixels themselves."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from autorecon.lowering.phases import Phases, phases
from autorecon.lowering.plan import Grid


def convolve_repeated(
    x: Tensor, kernel: Tensor, bias: Tensor | None, grid: Grid, factor: int, groups: int = 1
) -> Tensor:
    """The convolution of x with each pixel repeated, [N, I, H, W] -> [N, O, factor*H, factor*W].

    One convolution of x gives every phase of the output as channels of its own.
    """
    found = phases(grid, factor)
    sums = _tap_sums(found, x.dtype, x.device)
    kernels = torch.einsum("awu,oiuv,bzv->oabiwz", sums, kernel, sums).flatten(0, 2)
    if bias is not None:
        bias = bias.repeat_interleave(factor**2)
    out = F.conv2d(x, kernels, bias, padding=found.padding, groups=groups)
    return _interleaved(out.unflatten(1, (-1, factor, factor)), found, x.shape[2], x.shape[3])


@lru_cache(maxsize=64)
def _tap_sums(found: Phases, dtype: torch.dtype, device: torch.device) -> Tensor:
    """[phase, width, size]: 1 where a phase reads a pixel through a tap."""
    rows = [
        [[float(place == w) for place in row] for w in range(found.width)] for row in found.taps
    ]
    return torch.tensor(rows, dtype=dtype, device=device)


def _interleaved(out: Tensor, found: Phases, height: int, width: int) -> Tensor:
    """Phases [N, O, factor, factor, ...], each cut to where it starts, as one image."""
    tops = [found.padding + start for start in found.starts]
    rows = [
        [out[:, :, a, b, top : top + height, left : left + width] for b, left in enumerate(tops)]
        for a, top in enumerate(tops)
    ]
    stacked = torch.stack([torch.stack(row, -1) for row in rows], 3)  # [N, O, H, a, W, b]
    return stacked.flatten(4, 5).flatten(2, 3)
