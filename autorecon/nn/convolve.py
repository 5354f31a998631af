"""Fused convolutions: kernels are summed on a grid, and one convolution does the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from autorecon.lowering.plan import Convolve, Grid, Kernel, Place
from autorecon.nn.mixture import Scalars
from autorecon.nn.repeated import convolve_repeated


def convolve(
    step: Convolve, sources: Sequence[Tensor], modules: Mapping[Place, nn.Module], weights: Scalars
) -> tuple[Tensor, ...]:
    """What each of the step's outs is: sources [N, C, H, W] -> [N, *shape] each."""
    x = sources[0] if len(sources) == 1 else torch.cat(list(sources), dim=1)
    mixed = _Mixed(step, modules, weights, x)
    kernel, bias = mixed.kernel(), mixed.bias()
    if step.scale > 1:
        out = convolve_repeated(x, kernel, bias, step.grid, step.scale, step.groups)
    else:
        out = F.conv2d(x, kernel, bias, 1, step.grid.reach, step.grid.dilation, step.groups)
    if len(step.outs) == 1:
        return (out,)
    return out.split([shape[0] for shape in step.shapes], dim=1)


@attrs.frozen(eq=False)
class _Mixed:
    """A step's kernels and biases, weighed, summed and stacked; `like` has their dtype and device.

    A module's weight is asked for once: of a normalised one each time is a step of the power
    iteration.
    """

    step: Convolve
    modules: Mapping[Place, nn.Module]
    weights: Scalars
    like: Tensor

    def kernel(self) -> Tensor:
        """[channels of all outs, channels of all sources, size, size]"""
        rows = zip(self.step.kernels, self.step.shapes, strict=True)
        return _cat([_cat([self._block(k, shape[0]) for k in row], 1) for row, shape in rows], 0)

    def bias(self) -> Tensor | None:
        """[channels of all outs], or None where no convolution has any."""
        biased = [[k for block in row for k in block if k.bias] for row in self.step.kernels]
        if not any(biased):
            return None
        rows = zip(biased, self.step.shapes, strict=True)
        return _cat([self._offset(row, shape[0]) for row, shape in rows], 0)

    def _block(self, kernels: Sequence[Kernel], channels: int) -> Tensor:
        parts = [
            spread(self._weighed(k, self._own(k, "weight", channels)), k.grid, self.step.grid)
            for k in kernels
        ]
        return sum(parts[1:], parts[0])

    def _offset(self, kernels: Sequence[Kernel], channels: int) -> Tensor:
        parts = [self._weighed(k, self._own(k, "bias", channels)) for k in kernels]
        return sum(parts[1:], parts[0]) if parts else self.like.new_zeros(channels)

    def _own(self, kernel: Kernel, name: str, channels: int) -> Tensor:
        if kernel.place is not None:
            return getattr(self.modules[kernel.place], name)
        identity = torch.eye(channels, dtype=self.like.dtype, device=self.like.device)
        return identity[..., None, None]

    def _weighed(self, kernel: Kernel, value: Tensor) -> Tensor:
        return value if kernel.weight is None else self.weights[kernel.weight] * value


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
