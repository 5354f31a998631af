"""Mean and biased variance of a BatchNorm2d input, cheap enough to take at every layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from autorecon.nn import at_least_float32


def batch_statistics(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean [C] and biased variance [C] of features [N, C, H, W] over N, H, W, in at least float32.

    Around five times faster than `mean` and `var` with their backward passes on a CPU.
    """
    _, mean, variance = _Statistics.apply(at_least_float32(features), None, None)
    return mean, variance


def norm_and_statistics(features: Tensor, layer: nn.BatchNorm2d) -> tuple[Tensor, Tensor, Tensor]:
    """What a layer in eval mode makes of features [N, C, H, W], and their `batch_statistics`.

    The layer's own parameters get no gradients, for which it is faster than calling the layer.
    """
    stored, variance = layer.get_buffer("running_mean"), layer.get_buffer("running_var")
    with torch.no_grad():
        scale = (variance + layer.eps).rsqrt()
        scale = scale if layer.weight is None else layer.weight * scale
        shift = -stored * scale if layer.bias is None else layer.bias - stored * scale
    out, *found = _Statistics.apply(at_least_float32(features), scale, shift)
    return out.to(features.dtype), *found


class _Statistics(torch.autograd.Function):
    """All gradients together are one affine map of the input, and one product with a number a
    channel, hence two passes at most."""

    @staticmethod
    def forward(
        ctx: Any, features: Tensor, scale: Tensor | None, shift: Tensor | None
    ) -> tuple[Tensor | None, Tensor, Tensor]:
        mean = features.mean((0, 2, 3))
        # Two passes, because E[x^2] - m^2 cancels where the mean is large beside the spread.
        variance = (features - mean[:, None, None]).square_().mean((0, 2, 3))
        ctx.save_for_backward(features, mean, scale)
        ctx.set_materialize_grads(False)
        if scale is None or shift is None:
            return None, mean, variance
        out = torch.addcmul(shift[:, None, None], features, scale[:, None, None])
        return out, mean, variance

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, gradient: Tensor | None, mean: Tensor | None, variance: Tensor | None
    ) -> tuple[Tensor | None, None, None]:
        features, center, scale = ctx.saved_tensors
        found = None
        if mean is not None or variance is not None:
            count = features.numel() / features.shape[1]
            nothing = torch.zeros_like(center)
            slope = (nothing if variance is None else variance) * (2 / count)
            offset = (nothing if mean is None else mean) / count - slope * center
            found = torch.addcmul(offset[:, None, None], features, slope[:, None, None])
        if gradient is None:
            return found, None, None
        factor = scale[:, None, None]
        own = gradient * factor if found is None else found.addcmul_(gradient, factor)
        return own, None, None
