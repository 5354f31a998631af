"""Class activation maps: where in an image a network sees the class that is told.

Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization,
ICCV 2017. SynQ wants a quantized student to look where its teacher looks.
"""

from __future__ import annotations

from torch import Tensor, fx

from autorecon.compress.errors import CompressError
from autorecon.compress.quantization.calls import weighted_calls
from autorecon.compress.quantization.operations import CONVOLUTIONS, operation

LEAST = 1e-10
"""Of the span of a map, which may be 0 everywhere."""


def activation_maps(features: Tensor, slopes: Tensor) -> Tensor:
    """Features [N, C, H, W], and the gradient of a class's logit by them, to maps [N, H, W].

    ReLU of the sum over channels, each with its slope's mean over space for a weight; from 0 to 1.
    """
    weights = slopes.mean((2, 3), keepdim=True)
    maps = (weights * features).sum(1).relu()
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    return (maps - low) / (high - low).clamp_min(LEAST)


def last_convolution(traced: fx.GraphModule) -> fx.Node:
    """The last that gives maps of several positions. Raises CompressError where none does."""
    calls = [call.node for call in weighted_calls(traced) if operation(call.node) in CONVOLUTIONS]
    shapes = [(node, node.meta["shape"]) for node in calls]
    found = [node for node, shape in shapes if len(shape) == 4 and shape[2] * shape[3] > 1]
    if found:
        return found[-1]
    raise CompressError(
        "`cam` compares class activation maps, and the teacher has no convolution whose maps have "
        "several positions: leave it at 0"
    )
