"""Mean and variance of every value in a network, told without data.

A folded BatchNorm layer gives values of its offset and factor; the rest follows from them, channel
by channel, as if the values were normal and independent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import attrs
import torch
import torch.nn.functional as F
from torch import Tensor, fx

from autorecon.compress.quantization.calls import (
    WeightedCall,
    argument,
    constant,
    groups_of,
    is_transposed,
    parameter,
    weighted_calls,
)
from autorecon.compress.quantization.operations import (
    CONVOLUTIONS,
    MOVEMENTS,
    POOLS,
    SHAPES,
    is_rectifier,
    operation,
    top_of,
)

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


_ALIKE = MOVEMENTS - {"index", "gather", "select", "expand"} | POOLS
"""They keep the moments of channels, near enough; so does whatever is a module: a quantizer."""


@torch.no_grad()
def propagate(
    traced: fx.GraphModule, normals: Mapping[str, Moments]
) -> dict[fx.Node, Moments | None]:
    """The moments at each node, None where they cannot be told.

    `normals` are those that folded BatchNorm layers gave, by the name of the layer before them.
    The image has mean 0 and variance 1 in each channel: it is normalised.
    """
    calls = {call.node: call for call in weighted_calls(traced)}
    found: dict[fx.Node, Moments | None] = {}
    for node in traced.graph.nodes:
        call = calls.get(node)
        if node.op == "placeholder":
            found[node] = Moments(torch.zeros(1), torch.ones(1))
        elif call is not None and call.layer in normals:
            found[node] = normals[call.layer]
        elif call is not None:
            known = found[call.source]
            found[node] = known and through_call(traced, call, known)
        else:
            values = (part for part in node.all_input_nodes if operation(part) not in SHAPES)
            inputs = [found[part] for part in values]
            told = [moments for moments in inputs if moments]
            found[node] = _of_call(node, told) if told and len(told) == len(inputs) else None
    return found


def _of_call(node: fx.Node, inputs: list[Moments]) -> Moments | None:
    name, first = operation(node), inputs[0]
    if is_rectifier(node):
        top, function = top_of(node), activation(node)
        if top is not None:
            return first.rectified(top)
        return first.through(function) if function else None
    if name == "add":
        return _added(inputs)
    if name in ("pad", "constant_pad_nd"):
        return _padded(first, node)
    if name in ("cat", "concat"):
        return Moments(*(torch.cat(parts) for parts in _columns(inputs)))
    of_channels = name == "slice" and argument(node, 1, "dim") == 1
    alike = node.op == "call_module" or (name in _ALIKE and not of_channels)
    return first if alike else None


def _columns(inputs: list[Moments]) -> tuple[list[Tensor], list[Tensor]]:
    return [m.mean for m in inputs], [m.variance for m in inputs]


def _added(inputs: list[Moments]) -> Moments | None:
    if len(inputs) != 2:
        return None
    return Moments(inputs[0].mean + inputs[1].mean, inputs[0].variance + inputs[1].variance)


def _padded(moments: Moments, node: fx.Node) -> Moments | None:
    """Channels of zeros before and after, as the shortcuts of small ResNets have them."""
    pads = argument(node, 1, "pad")
    if not isinstance(pads, list | tuple) or not all(isinstance(p, int) for p in pads):
        return None
    before, after = (int(p) for p in pads[4:6]) if len(pads) >= 6 else (0, 0)
    return Moments(F.pad(moments.mean, (before, after)), F.pad(moments.variance, (before, after)))


def activation(node: fx.Node) -> Callable[[Tensor], Tensor] | None:
    """What an activation does to its one input; None where it has others."""
    if len(node.all_input_nodes) != 1 or not callable(node.target):
        return None
    target = node.target
    return lambda values: target(values, *node.args[1:], **node.kwargs)


def through_call(traced: fx.GraphModule, call: WeightedCall, moments: Moments) -> Moments | None:
    """Of what a convolution or linear layer gives, its inputs independent of each other; None for
    a transposed convolution."""
    if is_transposed(call.node):
        return None
    weight = parameter(traced, call.weight).movedim(call.axis, 0)
    mean, variance = (spread_over(part, call) for part in (moments.mean, moments.variance))
    bias = constant(call.bias)[0]
    offset = torch.zeros(len(weight)) if bias is None else parameter(traced, bias)
    found = (over_kernel(weight) * mean).sum(1) + offset
    return Moments(found, (over_kernel(weight.square()) * variance).sum(1))


def over_kernel(weight: Tensor) -> Tensor:
    """A weight [out, inputs, ...], or what goes with one, summed to [out, inputs]."""
    return weight.flatten(2).sum(2) if weight.dim() > 2 else weight


def spread_over(channels: Tensor, call: WeightedCall) -> Tensor:
    """A value a channel, [C] or [1], as [out, inputs] beside a call's weight.

    A linear layer after flattening has several inputs a channel; a grouped convolution sees, for
    each output, the channels of its group.
    """
    shape = list(call.weight.meta["shape"])
    out, inputs = shape.pop(call.axis), shape[0]
    if operation(call.node) not in CONVOLUTIONS:
        return channels.repeat_interleave(inputs // len(channels)).expand(out, -1)
    groups = groups_of(call.node)
    grouped = channels.expand(inputs * groups).view(groups, -1)
    return grouped.repeat_interleave(out // groups, dim=0)
