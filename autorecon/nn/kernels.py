"""What a fused convolution's kernel is mixed of, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from autorecon.lowering.plan import Convolve, Grid, Kernel, Place
from autorecon.nn.mixture import Scalars


class Parts(NamedTuple):
    """A summand's tensors, by their index in a list: its factor, kernel (none: the identity) and
    bias."""

    grid: Grid
    factor: int | None
    kernel: int | None
    bias: int | None


Rows = tuple[tuple[tuple[Parts, ...], ...], ...]  # by out and source


def gather(
    step: Convolve, modules: Mapping[Place, nn.Module], scalars: Scalars
) -> tuple[Rows, list[Tensor]]:
    """The tensors of a step, and which of them each summand needs."""
    tensors: list[Tensor] = []

    def put(tensor: Tensor) -> int:
        tensors.append(tensor)
        return len(tensors) - 1

    def parts(kernel: Kernel) -> Parts:
        factor = None if kernel.weight is None else put(scalars[kernel.weight])
        if kernel.place is None:
            return Parts(kernel.grid, factor, None, None)
        module = modules[kernel.place]
        assert isinstance(module, nn.Conv2d)
        bias = None if module.bias is None else put(module.bias)
        return Parts(kernel.grid, factor, put(module.weight), bias)

    rows = tuple(tuple(tuple(map(parts, block)) for block in row) for row in step.kernels)
    return rows, tensors


def mix_kernels(step: Convolve, rows: Rows, tensors: Sequence[Tensor], like: Tensor) -> Tensor:
    """[channels of all outs, channels of all sources, size, size], where `like` is."""

    def block(summands: Sequence[Parts], channels: int) -> Tensor:
        found = [_kernel(p, tensors, channels, like) for p in summands]
        spreads = [spread(k, p.grid, step.grid) for k, p in zip(found, summands, strict=True)]
        return sum(spreads[1:], spreads[0])

    return _cat(
        [
            _cat([block(summands, shape[0]) for summands in row], 1)
            for row, shape in zip(rows, step.shapes, strict=True)
        ],
        0,
    )


def mix_biases(step: Convolve, rows: Rows, tensors: Sequence[Tensor]) -> Tensor | None:
    """[channels of all outs], or None where no convolution has any."""
    biased = [[p for block in row for p in block if p.bias is not None] for row in rows]
    like = next((tensors[p.bias] for row in biased for p in row if p.bias is not None), None)
    if like is None:
        return None
    parts = [[_times(p.factor, tensors[p.bias or 0], tensors) for p in row] for row in biased]
    return _cat(
        [
            sum(row[1:], row[0]) if row else like.new_zeros(shape[0])
            for row, shape in zip(parts, step.shapes, strict=True)
        ],
        0,
    )


def _kernel(parts: Parts, tensors: Sequence[Tensor], channels: int, like: Tensor) -> Tensor:
    if parts.kernel is not None:
        return _times(parts.factor, tensors[parts.kernel], tensors)
    dtype = torch.promote_types(like.dtype, torch.float32)
    identity = torch.eye(channels, dtype=dtype, device=like.device)[..., None, None]
    return _times(parts.factor, identity, tensors)


def _times(factor: int | None, value: Tensor, tensors: Sequence[Tensor]) -> Tensor:
    return value if factor is None else tensors[factor] * value


def _cat(parts: list[Tensor], dim: int) -> Tensor:
    return torch.cat(parts, dim) if len(parts) > 1 else parts[0]


def spread(kernel: Tensor, own: Grid, grid: Grid) -> Tensor:
    """A kernel [O, I, size, size] of one grid on another that holds it, zeros between its taps."""
    if own == grid:
        return kernel
    apart = own.dilation // grid.dilation if own.size > 1 else 1
    margin = (grid.reach - own.reach) // grid.dilation
    taps = slice(margin, grid.size - margin, apart)
    out = kernel.new_zeros(*kernel.shape[:2], grid.size, grid.size)
    out[..., taps, taps] = kernel
    return out
