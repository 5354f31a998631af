"""Convolutions and resizes, pixel by pixel, as their definitions have them."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

Taken = Callable[[float], dict[int, float]]
"""What a position between two pixels takes, by how far it is past the first: parts, by offset."""


def correlated(
    x: Tensor, weight: Tensor, bias: Tensor | None, dilation: int, groups: int, stride: int = 1
) -> Tensor:
    """What networks call a convolution, zeros around: x [N, I, H, W], weight [O, I / groups, K, K]
    -> [N, O, H / stride, W / stride], a tap after the other."""
    (n, _, h, w), size = x.shape, weight.shape[-1]
    before = max(0, (dilation * (size - 1) + 2 - stride) // 2)
    after = dilation * (size - 1)
    padded = torch.nn.functional.pad(x, [before, after] * 2).unflatten(1, (groups, -1))
    by_group = weight.unflatten(0, (groups, -1))
    out = x.new_zeros(n, len(weight), h // stride, w // stride)
    for down in range(size):
        for right in range(size):
            top, left = dilation * down, dilation * right
            part = padded[..., top : top + h : stride, left : left + w : stride]
            taken = by_group[..., down, right]
            out = out + torch.einsum("ngihw,goi->ngohw", part, taken).flatten(1, 2)
    return out if bias is None else out + bias[:, None, None]


def resampled(x: Tensor, shape: tuple[int, ...], weights: Taken) -> Tensor:
    down, right = (
        _matrix(old, new, weights).to(x) for old, new in zip(x.shape[2:], shape[1:], strict=True)
    )
    return torch.einsum("hi,ncij,wj->nchw", down, x, right)


def _matrix(old: int, new: int, weights: Taken) -> Tensor:
    """[new, old]: what each position takes, positions outside being those at the border."""
    matrix = torch.zeros(new, old, dtype=torch.float64)
    for place in range(new):
        middle = (place + 0.5) * old / new - 0.5
        if weights is linear_weights:
            middle = max(middle, 0.0)
        base = math.floor(middle)
        for offset, weight in weights(middle - base).items():
            matrix[place, min(max(base + offset, 0), old - 1)] += weight
    return matrix


def linear_weights(t: float) -> dict[int, float]:
    return {0: 1 - t, 1: t}


def cubic_weights(t: float) -> dict[int, float]:
    """Keys' kernel (1981) with a = -0.75, which torch takes."""
    a = -0.75

    def near(s: float) -> float:
        return ((a + 2) * s - (a + 3)) * s * s + 1

    def far(s: float) -> float:
        return ((a * s - 5 * a) * s + 8 * a) * s - 4 * a

    return {-1: far(t + 1), 0: near(t), 1: near(1 - t), 2: far(2 - t)}
