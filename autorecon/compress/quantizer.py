"""GDFQ's quantizer: asymmetric, uniform, with an identity straight-through gradient."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autorecon.nn import at_least_float32

UPPER_TAIL = 0.001
"""Share of the values that a `percentile` range leaves above its upper end."""

SAMPLE_LIMIT = 2**18
"""Most values of one batch that a percentile is taken of."""


def fake_quantize(x: Tensor, low: Tensor, high: Tensor, bits: int) -> Tensor:
    """x on the grid of 2^bits values that covers [low, high], which broadcast against x.

    s = (2^k - 1) / max(high - low, 1e-8);  z = round(s low) + 2^(k-1);
    q = clamp(round(s x - z), -2^(k-1), 2^(k-1) - 1);  result (q + z) / s.
    The gradient with respect to x is the identity, clipped values included; the range has none.
    The arithmetic is in float32 at least, whatever x has.
    """
    quantized: Tensor = _FakeQuantize.apply(at_least_float32(x), low, high, bits)
    return quantized.to(x.dtype)


class _FakeQuantize(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, low: Tensor, high: Tensor, bits: int) -> Tensor:
        half = 2 ** (bits - 1)
        span = (high - low).clamp_min(1e-8)
        # A tensor above the line, because torch takes number / tensor as number * reciprocal.
        scale = span.new_tensor(2**bits - 1) / span
        zero = torch.round(scale * low) + half
        levels = (x * scale).sub_(zero).round_().clamp_(-half, half - 1)
        return levels.add_(zero).div_(scale)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        return gradient, None, None, None


def quantize_weight(weight: Tensor, bits: int) -> Tensor:
    """A weight [out, ...] with one range an output channel, that of its present values."""
    return fake_quantize(weight, *_channel_ranges(weight), bits)


@torch.no_grad()
def weight_levels(weight: Tensor, bits: int) -> Tensor:
    """The integers, 0 to 2^bits - 1, that `quantize_weight` rounds a weight [out, ...] to."""
    low, high = _channel_ranges(weight)
    scale = (2**bits - 1) / (high - low).clamp_min(1e-8)
    return (quantize_weight(weight, bits) * scale).round() - (scale * low).round()


def _channel_ranges(weight: Tensor) -> tuple[Tensor, Tensor]:
    shape = (-1,) + (1,) * (weight.dim() - 1)
    rows = weight.detach().flatten(1)
    # One after the other is several times faster than aminmax along an axis.
    return rows.amin(1).view(shape), rows.amax(1).view(shape)


def percentile_range(x: Tensor) -> tuple[Tensor, Tensor]:
    """The least value of x and its 99.9th percentile, of evenly strided values where x is large."""
    # An odd stride does not fall into step with widths and channel counts, which are mostly even.
    stride = math.ceil(x.numel() / SAMPLE_LIMIT) | 1
    values = x.flatten()[::stride]
    rank = max(1, math.ceil(UPPER_TAIL * values.numel()))
    return x.min(), values.topk(rank, sorted=True).values[-1]


RANGES: dict[str, Callable[[Tensor], tuple[Tensor, Tensor]]] = {
    "minmax": torch.aminmax,
    "percentile": percentile_range,
}
