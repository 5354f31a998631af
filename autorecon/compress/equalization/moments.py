"""Mean and variance of every value in a network, told without data.

A folded BatchNorm layer gives values of its offset and factor; the rest follows from them, channel
by channel, as if the values were normal and independent.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping

import attrs
import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from autorecon.compress.quantization.capture import callee_of
from autorecon.compress.quantization.layers import ActivationQuantizer
from autorecon.compress.quantization.sites import SUMS, is_rectifier

REACH, POINTS = 6.0, 121
"""Standard deviations that a sum over a normal distribution covers, and its points."""


@attrs.frozen(eq=False)
class Moments:
    """Means [C] and variances [C] of channels; [1] where all channels are alike."""

    mean: Tensor
    variance: Tensor

    def spread(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        """What a function makes of mean - 6 std .. mean + 6 std, [points, C]."""
        points = torch.linspace(-REACH, REACH, POINTS)[:, None]
        return function(self.mean + points * self.variance.sqrt())

    def through(self, function: Callable[[Tensor], Tensor]) -> Moments:
        """Of function(x), for normal x, by summing over points."""
        weights = torch.exp(-(torch.linspace(-REACH, REACH, POINTS)[:, None] ** 2) / 2)
        weights, values = weights / weights.sum(), self.spread(function)
        mean = (weights * values).sum(0)
        return Moments(mean, (weights * (values - mean) ** 2).sum(0))

    def rectified(self, top: float = math.inf) -> Moments:
        """Of min(max(x, 0), top), for normal x."""
        std = self.variance.clamp_min(1e-12).sqrt()
        low, high = -self.mean / std, (top - self.mean) / std
        inside = _cumulative(high) - _cumulative(low)
        density = _density(low) - _density(high)
        # At an infinite end x * density(x) is 0, which floating point has as not a number.
        edge = low * _density(low) - torch.nan_to_num(high * _density(high), nan=0.0)
        above = 1 - _cumulative(high)
        cap = top if math.isfinite(top) else 0.0
        mean = self.mean * inside + std * density + cap * above
        square = (self.mean**2 + self.variance) * inside + 2 * self.mean * std * density
        square = square + self.variance * edge + cap**2 * above
        return Moments(mean, (square - mean**2).clamp_min(0))


def _density(x: Tensor) -> Tensor:
    return torch.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


def _cumulative(x: Tensor) -> Tensor:
    return (1 + torch.erf(x / math.sqrt(2))) / 2


_ALIKE = (
    nn.AdaptiveAvgPool2d, nn.AvgPool2d, nn.MaxPool2d, nn.Flatten, nn.Identity, nn.Dropout,
    ActivationQuantizer,
)  # fmt: skip
_ALIKE_CALLS = (
    F.adaptive_avg_pool2d, F.avg_pool2d, F.max_pool2d, F.dropout, torch.flatten, torch.mean,
    operator.getitem, "mean", "flatten", "view", "reshape", "contiguous",
)  # fmt: skip


@torch.no_grad()
def propagate(
    traced: fx.GraphModule, normals: Mapping[str, Moments]
) -> dict[fx.Node, Moments | None]:
    """The moments at each node, None where they cannot be told.

    `normals` are those that folded BatchNorm layers gave, by the name of the layer before them.
    The image has mean 0 and variance 1 in each channel: it is normalised.
    """
    found: dict[fx.Node, Moments | None] = {}
    for node in traced.graph.nodes:
        found[node] = _at(traced, node, found, normals)
    return found


def _at(
    traced: fx.GraphModule,
    node: fx.Node,
    found: Mapping[fx.Node, Moments | None],
    normals: Mapping[str, Moments],
) -> Moments | None:
    if node.op == "placeholder":
        return Moments(torch.zeros(1), torch.ones(1))
    callee = callee_of(traced, node)
    if isinstance(callee, nn.Conv2d | nn.Linear) and str(node.target) in normals:
        return normals[str(node.target)]
    inputs = [found[argument] for argument in node.all_input_nodes]
    if not inputs or any(moments is None for moments in inputs):
        return None
    return _of_call(callee, node, [moments for moments in inputs if moments])


def _of_call(callee: object, node: fx.Node, inputs: list[Moments]) -> Moments | None:
    first = inputs[0]
    if isinstance(callee, nn.Conv2d | nn.Linear):
        return through_layer(callee, first)
    if is_rectifier(callee):
        function = activation(callee)
        return first.through(function) if function else first.rectified(clip_of(callee))
    if callee in SUMS:
        return _added(inputs)
    if callee is F.pad:
        return _padded(first, node)
    if callee in (torch.cat, torch.concat):
        return Moments(*(torch.cat(parts) for parts in _columns(inputs)))
    alike = isinstance(callee, _ALIKE) or callee in _ALIKE_CALLS
    return first if alike else None


def _columns(inputs: list[Moments]) -> tuple[list[Tensor], list[Tensor]]:
    return [m.mean for m in inputs], [m.variance for m in inputs]


def _added(inputs: list[Moments]) -> Moments | None:
    if len(inputs) != 2:
        return None
    return Moments(inputs[0].mean + inputs[1].mean, inputs[0].variance + inputs[1].variance)


def _padded(moments: Moments, node: fx.Node) -> Moments | None:
    """Channels of zeros before and after, as the shortcuts of small ResNets have them."""
    pads = node.args[1] if len(node.args) > 1 else node.kwargs.get("pad")
    if not isinstance(pads, list | tuple) or not all(isinstance(p, int) for p in pads):
        return None
    before, after = (int(p) for p in pads[4:6]) if len(pads) >= 6 else (0, 0)
    return Moments(F.pad(moments.mean, (before, after)), F.pad(moments.variance, (before, after)))


def clip_of(callee: object) -> float:
    """Where a ReLU clips its values from above."""
    return 6.0 if isinstance(callee, nn.ReLU6) or callee is F.relu6 else math.inf


def activation(callee: object) -> Callable[[Tensor], Tensor] | None:
    """The function of a rectifier that is neither ReLU nor ReLU6; None for those two."""
    if isinstance(callee, nn.Hardswish) or callee is F.hardswish:
        return F.hardswish
    return F.silu if isinstance(callee, nn.SiLU) or callee is F.silu else None


def through_layer(layer: nn.Conv2d | nn.Linear, moments: Moments) -> Moments:
    """Of what a convolution or linear layer gives, its inputs independent of each other."""
    mean, variance = (spread_over(part, layer) for part in (moments.mean, moments.variance))
    weight, squares = over_kernel(layer.weight), over_kernel(layer.weight.square())
    offset = layer.bias if layer.bias is not None else torch.zeros(len(weight))
    return Moments((weight * mean).sum(1) + offset, (squares * variance).sum(1))


def over_kernel(weight: Tensor) -> Tensor:
    """A weight, or what goes with one, summed to [out, inputs]."""
    return weight.flatten(2).sum(2) if weight.dim() == 4 else weight


def spread_over(channels: Tensor, layer: nn.Conv2d | nn.Linear) -> Tensor:
    """A value a channel, [C] or [1], as [out, inputs] beside a layer's weight.

    A linear layer after flattening has several inputs a channel; a grouped convolution sees, for
    each output, the channels of its group.
    """
    if isinstance(layer, nn.Linear):
        repeated = channels.repeat_interleave(layer.in_features // len(channels))
        return repeated.expand(layer.out_features, -1)
    grouped = channels.expand(layer.in_channels).view(layer.groups, -1)
    return grouped.repeat_interleave(layer.out_channels // layer.groups, dim=0)
