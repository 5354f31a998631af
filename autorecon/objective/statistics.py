"""Mean and biased variance of a BatchNorm2d input, cheap enough to take at every layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from autorecon.nn import at_least_float32


def batch_statistics(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean [C] and biased variance [C] of features [N, C, H, W] over N, H, W, in at least float32.

    Around five times faster than `mean` and `var` with their backward passes on a CPU.
    """
    mean, variance = _Statistics.apply(at_least_float32(features))
    return mean, variance


class _Statistics(torch.autograd.Function):
    """Both gradients together are one affine map of the input, hence one pass over it."""

    @staticmethod
    def forward(ctx: Any, features: Tensor) -> tuple[Tensor, Tensor]:
        mean = features.mean((0, 2, 3))
        # Two passes, because E[x^2] - m^2 cancels where the mean is large beside the spread.
        variance = (features - mean[:, None, None]).square_().mean((0, 2, 3))
        ctx.save_for_backward(features, mean)
        return mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, mean_gradient: Tensor, variance_gradient: Tensor) -> Tensor:
        features, mean = ctx.saved_tensors
        count = features.numel() / features.shape[1]
        slope = variance_gradient * (2 / count)
        offset = mean_gradient / count - slope * mean
        return torch.addcmul(offset[:, None, None], features, slope[:, None, None])
