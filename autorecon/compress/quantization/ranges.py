"""Rules for the ends of an activation's range; the names are read without torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from torch import Tensor

UPPER_TAIL = 0.001
"""Share of the values that a `percentile` range leaves above its upper end."""

SAMPLE_LIMIT = 2**18
"""Most values of one batch that a percentile is taken of."""

FEW, TRIES = 2**15, 32
"""Most values of one batch that errors are taken of, and how many ends of a range are tried."""


def minmax_range(x: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """The least and the greatest value of x."""
    low, high = x.aminmax()
    return low, high


def percentile_range(x: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """The least value of x and its 99.9th percentile, of evenly strided values where x is large."""
    values = _sample(x, SAMPLE_LIMIT)
    rank = max(1, math.ceil(UPPER_TAIL * values.numel()))
    return x.min(), values.topk(rank, sorted=True).values[-1]


def mse_range(x: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """The least value of x, and the upper end with which its grid of `bits` loses least of x.

    That is by mean squared error, of evenly strided values where x is large. The ends tried are
    evenly spaced up to the greatest value, then more finely around the best of them.
    """
    import torch

    from autorecon.nn import at_least_float32

    x = at_least_float32(x)
    low, high = torch.aminmax(x)
    values, parts = _sample(x, FEW), torch.arange(1, TRIES + 1, device=x.device)
    step = (high - low) / TRIES
    best = _best_end(values, low, low + step * parts, bits)
    around = best + step * (parts / (TRIES / 2) - 1)
    return low, _best_end(values, low, around.clamp(min=low + step / TRIES, max=high), bits)


def _best_end(values: Tensor, low: Tensor, ends: Tensor, bits: int) -> Tensor:
    from autorecon.compress.quantization.rounding import fake_quantize

    quantized = fake_quantize(values, low, ends.to(values.dtype).view(-1, 1), bits)
    best = (quantized - values).square().mean(1).argmin()
    return ends.gather(0, best.view(1))[0]


def _sample(x: Tensor, limit: int) -> Tensor:
    # An odd stride does not fall into step with widths and channel counts, which are mostly even.
    return x.flatten()[:: math.ceil(x.numel() / limit) | 1]


@attrs.frozen
class RangeRule:
    """How a range follows from activations, and the rate at which a student so quantized learns."""

    ends: Callable[[Tensor, int], tuple[Tensor, Tensor]]
    """Of activations x that are to be quantized to so many bits."""

    student_lr: float


# Ranges that clip want small steps.
RANGES = {
    "percentile": RangeRule(percentile_range, 3e-4),
    "mse": RangeRule(mse_range, 3e-4),
    "minmax": RangeRule(minmax_range, 3e-3),
}
