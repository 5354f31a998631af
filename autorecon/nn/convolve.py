"""Fused convolutions: kernels are summed on a grid, and one convolution does the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from autorecon.lowering.fourier import offsets
from autorecon.lowering.plan import Convolve, Grid, Place
from autorecon.nn.compute import computed_in
from autorecon.nn.fourier import Offsets, SpectralConvolution
from autorecon.nn.kernels import Rows, gather, mix_biases, mix_kernels
from autorecon.nn.mixture import Scalars
from autorecon.nn.narrow import convolve_narrow
from autorecon.nn.repeated import convolve_repeated
from autorecon.nn.transfer import sent


def convolve(
    step: Convolve, sources: Sequence[Tensor], modules: Mapping[Place, nn.Module], scalars: Scalars
) -> tuple[Tensor, ...]:
    """What each of the step's outs is: sources [N, C, H, W] -> [N, *shape] each."""
    rows, tensors = gather(step, modules, scalars)
    if step.scale > 1 or step.narrow:
        kernel, bias = mix_kernels(step, rows, tensors, sources[0]), mix_biases(step, rows, tensors)
        if step.narrow:
            out = convolve_narrow(sources[0], kernel, bias, step.grid)
        else:
            x = _joined(sources)
            out = convolve_repeated(x, kernel, bias, step.grid, step.scale, step.groups)
    else:
        out = _Fused.apply(step, rows, len(sources), *sources, *tensors)
    if len(step.outs) == 1:
        return (out,)
    return out.split([shape[0] for shape in step.shapes], dim=1)


def _joined(sources: Sequence[Tensor]) -> Tensor:
    return torch.cat(list(sources), dim=1) if len(sources) > 1 else sources[0]


class _Fused(torch.autograd.Function):
    """Keeps for backward what is kept anyway, sources and parameters, and mixes kernels again.

    Kernels are mixed as precisely as parameters are kept, whatever the convolution computes in.
    """

    @staticmethod
    def forward(ctx: Any, step: Convolve, rows: Rows, count: int, *tensors: Tensor) -> Tensor:
        ctx.step, ctx.rows, ctx.count = step, rows, count
        ctx.save_for_backward(*tensors)
        x, own = _joined(tensors[:count]), tensors[count:]
        kernel, bias = mix_kernels(step, rows, own, x), mix_biases(step, rows, own)
        dtype = computed_in(x)
        x, kernel = x.to(dtype), kernel.to(dtype)
        bias = None if bias is None else bias.to(dtype)
        if not step.fourier:
            return F.conv2d(x, kernel, bias, 1, step.grid.reach, step.grid.dilation, step.groups)
        out = _fourier(step).forward(x, _by_tap(step, kernel))
        return out if bias is None else out.add_(bias[:, None, None])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        step, count, tensors = ctx.step, ctx.count, ctx.saved_tensors
        needs = ctx.needs_input_grad[3:]
        x = _joined(tensors[:count])
        own = [
            t.detach().requires_grad_(n)
            for t, n in zip(tensors[count:], needs[count:], strict=True)
        ]
        with torch.enable_grad():
            kernel, bias = mix_kernels(step, ctx.rows, own, x), mix_biases(step, ctx.rows, own)
        asked = (any(needs[:count]), kernel.requires_grad)
        x, taken = (t.detach().to(gradient.dtype) for t in (x, kernel))
        x_gradient, kernel_gradient = _gradients(step, x, taken, gradient, asked)
        found = _own_gradients(own, (kernel, bias), (kernel_gradient, gradient))
        return (None, None, None, *_parted(x_gradient, tensors[:count]), *found)


def _gradients(
    step: Convolve, x: Tensor, kernel: Tensor, gradient: Tensor, asked: tuple[bool, bool]
) -> tuple[Tensor | None, Tensor | None]:
    if not step.fourier:
        reach, apart = [step.grid.reach] * 2, [step.grid.dilation] * 2
        x_gradient, kernel_gradient, _ = torch.ops.aten.convolution_backward(
            gradient, x, kernel, None, [1, 1], reach, apart, False, [0, 0], step.groups,
            [*asked, False],
        )  # fmt: skip
        return x_gradient, kernel_gradient
    found = _fourier(step).gradients(x, _by_tap(step, kernel), gradient, asked)
    if found[1] is None:
        return found
    whole = torch.zeros_like(kernel, dtype=found[1].dtype).flatten(2)
    whole[..., _taps(step, kernel)] = found[1].permute(2, 1, 0)
    return found[0], whole.view_as(kernel)


def _own_gradients(
    own: list[Tensor],
    mixed: tuple[Tensor, Tensor | None],
    gradients: tuple[Tensor | None, Tensor],
) -> list[Tensor | None]:
    """Of the tensors that the kernel and the bias were mixed of."""
    (kernel, bias), (kernel_gradient, gradient) = mixed, gradients
    outs, given = list[Tensor](), list[Tensor]()
    if kernel_gradient is not None:
        outs, given = [kernel], [kernel_gradient.to(kernel.dtype)]
    if bias is not None and bias.requires_grad:
        outs, given = [*outs, bias], [*given, gradient.sum((0, 2, 3), dtype=bias.dtype)]
    wanted = [tensor for tensor in own if tensor.requires_grad]
    found = iter(torch.autograd.grad(outs, wanted, given) if wanted else ())
    return [next(found) if tensor.requires_grad else None for tensor in own]


def _parted(gradient: Tensor | None, sources: Sequence[Tensor]) -> Sequence[Tensor | None]:
    if gradient is None:
        return [None] * len(sources)
    parts = gradient.split([source.shape[1] for source in sources], dim=1)
    return [part.to(source.dtype) for part, source in zip(parts, sources, strict=True)]


def _fourier(step: Convolve) -> SpectralConvolution:
    return _of_grids(step.grids, step.grid.reach)


@lru_cache(maxsize=256)
def _of_grids(grids: frozenset[Grid], reach: int) -> SpectralConvolution:
    return SpectralConvolution(tuple(sorted(offsets(grids))), reach)


def _taps(step: Convolve, like: Tensor) -> Tensor:
    """Places of the taps within the whole kernel."""
    return _index(_fourier(step).offsets, step.grid.reach, step.grid.size, like.device)


@lru_cache(maxsize=256)
def _index(offsets: Offsets, reach: int, size: int, device: torch.device) -> Tensor:
    places = [(down + reach) * size + right + reach for down, right in offsets]
    return sent(torch.tensor(places), device)


def _by_tap(step: Convolve, kernel: Tensor) -> Tensor:
    """[O, I, size, size] -> [taps, I, O]"""
    return kernel.flatten(2)[..., _taps(step, kernel)].permute(2, 1, 0).contiguous()
