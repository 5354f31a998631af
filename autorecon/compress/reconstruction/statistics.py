"""What norms give on the training data, whatever the images are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import attrs
import torch
from torch import Tensor, fx

from autorecon.compress.quantization.calls import parameter, weighted_calls
from autorecon.compress.quantization.norms import is_stored_norm
from autorecon.nn.transfer import sent

FURTHEST = 10.0
"""Times by which a channel is made stronger or weaker at most: one that images hardly reach says
little of what it would be."""


@attrs.frozen(eq=False)
class Statistics:
    """Means [C] and deviations [C] of channels."""

    mean: Tensor
    deviation: Tensor

    def correction(self, values: Tensor) -> Callable[[Tensor], Tensor]:
        """What gives values [N, C, ...] this mean and deviation, to be done with others too."""
        over = [0, *range(2, values.dim())]
        deviation, mean = torch.std_mean(values, over, correction=0)
        factor = self.deviation / deviation.clamp_min(1e-8)
        factor = factor.clamp(1 / FURTHEST, FURTHEST)
        shape = (-1, *[1] * (values.dim() - 2))
        scale, shift = factor.view(shape), (self.mean - factor * mean).view(shape)
        return lambda x: x * scale + shift


def known_statistics(traced: fx.GraphModule) -> dict[fx.Node, Statistics]:
    """Of each BatchNorm, and of each convolution that took one in, by the node that gives them."""
    folded = traced.meta.get("folded", {})
    found = dict[fx.Node, Statistics]()
    for call in weighted_calls(traced):
        if norm := folded.get(call.layer):
            device = parameter(traced, call.weight).device
            found[call.node] = Statistics(
                sent(norm.offset, device), sent(norm.factor.abs(), device)
            )
    norms = [node for node in traced.graph.nodes if is_stored_norm(node)]
    return found | {node: _of_norm(traced, node) for node in norms}


def _of_norm(traced: fx.GraphModule, norm: fx.Node) -> Statistics:
    """Its offset and its factor, where it has them."""
    weight, offset, mean = cast(tuple[Any, ...], norm.args)[1:4]
    like = parameter(traced, mean)
    factor = torch.ones_like(like) if weight is None else parameter(traced, weight).abs()
    return Statistics(
        torch.zeros_like(like) if offset is None else parameter(traced, offset), factor
    )
