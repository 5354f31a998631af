"""A layer's weights on their grid, by least squares."""

from __future__ import annotations

import torch
from torch import Tensor

from autorecon.compress.quantization.layers import WeightQuantizer

TRUST = 0.1
"""How strongly a weight is held where it is while it makes up for what its inputs have become, as a
share of an input's mean square."""
MATCHED_BITS = 3
"""Weights of so many bits at most make up for it: with more, what rounding has done to inputs is
less than what invented images have wrong of them (docs/tried.md)."""
DAMPING = 0.1
"""The same, while it is rounded. GPTQ has a hundredth, of real images; of invented ones less can be
believed."""
CUTS = tuple(1 - 0.05 * i for i in range(9))
"""Shares of a channel's range that are tried as the ends of its grid."""
BLOCK = 64
"""Inputs after which all others take up at once what rounding has left."""


def fitted(weight: Tensor, taught: Tensor, found: Tensor, quantizer: WeightQuantizer) -> Tensor:
    """A weight [groups, out, in] on grids of its quantizer's, one an output channel, for which its
    products with `found` [groups, rows, in] are near those of `weight` with `taught`.

    At few bits it is `matched` first. Then inputs are rounded one by one, that of the greatest mean
    square first, and those that come after take up the error as the inverse of Y' Y, of Y found,
    tells (Frantar et al., GPTQ, ICLR 2023).
    """
    exact, taught, found = weight.double(), taught.double(), found.double()
    if quantizer.bits <= MATCHED_BITS:
        exact = matched(exact, taught, found)
    squares = found.mT @ found / found.shape[1]
    return _rounded(exact, _damped(squares, DAMPING), quantizer).to(weight.dtype)


def matched(weight: Tensor, taught: Tensor, found: Tensor) -> Tensor:
    """The student's layer fitted to the teacher's, before any rounding, as in GPTAQ (Li et al.,
    ICML 2025): W + W (X - Y)' Y (Y' Y + c)^-1, of X taught and Y found."""
    rows = found.shape[1]
    moved = weight @ ((taught - found).mT @ found / rows)
    return weight + torch.linalg.solve(_damped(found.mT @ found / rows, TRUST), moved, left=False)


def _damped(squares: Tensor, share: float) -> Tensor:
    """Mean products of inputs [groups, in, in] that can be inverted, also of inputs that are 0."""
    mean = squares.diagonal(dim1=1, dim2=2).mean(1).clamp_min(1e-12)
    return squares + share * mean[:, None, None] * torch.eye(
        squares.shape[1], dtype=squares.dtype, device=squares.device
    )


def _rounded(weight: Tensor, squares: Tensor, quantizer: WeightQuantizer) -> Tensor:
    """GPTQ's order of things, on the grid that loses least."""
    order = squares.diagonal(dim1=1, dim2=2).argsort(dim=1, descending=True, stable=True)
    low, step = _grid(weight, squares, quantizer)
    columns = order[:, None, :]
    weight = weight.gather(2, columns.expand_as(weight))
    squares = squares.gather(1, order[:, :, None].expand_as(squares))
    squares = squares.gather(2, columns.expand_as(squares))
    # What an input's error means for those after it: rows of the inverse's upper factor.
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(squares))
    passed = torch.linalg.cholesky(inverse, upper=True)
    rounded, count = torch.empty_like(weight), weight.shape[2]
    for start in range(0, count, BLOCK):
        stop = min(count, start + BLOCK)
        errors = []
        for i in range(start, stop):
            rounded[..., i] = _on(weight[..., i : i + 1], low, step, quantizer.bits)[..., 0]
            error = (weight[..., i] - rounded[..., i]) / passed[:, i, i, None]
            weight[..., i + 1 : stop] -= error[..., None] * passed[:, None, i, i + 1 : stop]
            errors.append(error)
        weight[..., stop:] -= torch.stack(errors, 2) @ passed[:, start:stop, stop:]
    return torch.empty_like(rounded).scatter_(2, columns.expand_as(rounded), rounded)


def _grid(weight: Tensor, squares: Tensor, quantizer: WeightQuantizer) -> tuple[Tensor, Tensor]:
    """Begin and step of a grid for each channel, [groups, out, 1]: of those tried the one with the
    least error, each input weighed by its mean square."""
    weights = squares.diagonal(dim1=1, dim2=2)[:, None, :]
    low, high = weight.amin(2, keepdim=True), weight.amax(2, keepdim=True)
    tried = [quantizer.held_grid(cut * low, cut * high) for cut in CUTS]
    losses = [
        (weights * (_on(weight, *grid, quantizer.bits) - weight).square()).sum(2, keepdim=True)
        for grid in tried
    ]
    best = torch.stack(losses).argmin(0, keepdim=True)
    low, step = (torch.stack(part).gather(0, best)[0] for part in zip(*tried, strict=True))
    return low, step


def _on(weight: Tensor, low: Tensor, step: Tensor, bits: int) -> Tensor:
    """The nearest values of grids."""
    levels = ((weight - low) / step.clamp_min(1e-12)).round()
    return levels.clamp(0, 2**bits - 1) * step + low
