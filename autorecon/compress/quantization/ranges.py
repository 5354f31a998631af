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
"""Most values of one row that a percentile is taken of."""

FEW, FEW_OF_A_ROW, TRIES = 2**15, 2**10, 32
"""Most values that errors are taken of, how many of each row at least, and how many ends of a range
are tried."""

WIDE = 5
"""Bits from which on a `fitted` range is that of `mse`: they hold what a percentile would cut."""


def minmax_range(rows: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """The least and the greatest value of each row."""
    # One after the other is several times faster than aminmax along an axis.
    return rows.amin(1), rows.amax(1)


def percentile_range(rows: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """The least value and the 99.9th percentile, of evenly strided values where rows are long."""
    values = _sample(rows, SAMPLE_LIMIT)
    rank = max(1, math.ceil(UPPER_TAIL * values.shape[1]))
    return rows.amin(1), values.topk(rank, dim=1, sorted=True).values[:, -1]


def mse_range(rows: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """The least value, and the upper end with which its grid of `bits` loses least of a row.

    That is by mean squared error, of evenly strided values where there are many. The ends tried are
    evenly spaced up to the greatest value, then more finely around the best of them.
    """
    import torch

    from autorecon.nn import at_least_float32

    rows = at_least_float32(rows)
    low, high = minmax_range(rows, bits)
    values = _sample(rows, max(FEW // len(rows), FEW_OF_A_ROW))
    parts, step = torch.arange(1, TRIES + 1, device=rows.device), (high - low) / TRIES
    best = _best_end(values, low, low + step * parts[:, None], bits)
    around = best + step * (parts[:, None] / (TRIES / 2) - 1)
    return low, _best_end(values, low, around.clamp(min=low + step / TRIES, max=high), bits)


def _best_end(values: Tensor, low: Tensor, ends: Tensor, bits: int) -> Tensor:
    """Of ends [tries, rows] the best [rows]."""
    import torch

    from autorecon.compress.quantization.rounding import fake_quantize

    # One after the other, since all tries of many rows at once would take much memory.
    grids = (fake_quantize(values, low[:, None], end[:, None], bits) for end in ends)
    lost = torch.stack([(grid - values).square().mean(1) for grid in grids])
    return ends.gather(0, lost.argmin(0, keepdim=True)).squeeze(0)


def fitted_range(rows: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """That of `percentile` for few bits, that of `mse` for many."""
    return (mse_range if bits >= WIDE else percentile_range)(rows, bits)


def _sample(rows: Tensor, limit: int) -> Tensor:
    # An odd stride does not fall into step with widths and channel counts, which are mostly even.
    return rows[:, :: math.ceil(rows.shape[1] / limit) | 1]


@attrs.frozen
class RangeRule:
    """How ranges follow from activations, and the rate at which a student so quantized learns."""

    ends: Callable[[Tensor, int], tuple[Tensor, Tensor]]
    """Of rows [R, n] of activations that are to be quantized to so many bits, both ends [R]."""

    student_lr: float

    by_channel: bool = False
    """Whether what depthwise convolutions alone read has a range a channel."""

    by_statistics: bool = False
    """Whether ranges of many bits hold what statistics of folded BatchNorm layers tell."""


# Ranges that clip want small steps.
RANGES = {
    "fitted": RangeRule(fitted_range, 3e-4, by_statistics=True),
    "percentile": RangeRule(percentile_range, 3e-4),
    "mse": RangeRule(mse_range, 3e-4),
    "channels": RangeRule(mse_range, 3e-4, by_channel=True),
    "minmax": RangeRule(minmax_range, 3e-3),
}
