"""What quantization does to the means, undone; and ranges of activations without any image."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import fx

from autorecon.compress.equalization.moments import (
    Moments,
    activation,
    clip_of,
    over_kernel,
    propagate,
    spread_over,
)
from autorecon.compress.errors import CompressError
from autorecon.compress.quantization.capture import callee_of
from autorecon.compress.quantization.layers import (
    ActivationQuantizer,
    QuantizedConv2d,
    QuantizedLinear,
)


@torch.no_grad()
def set_ranges(traced: fx.GraphModule, normals: Mapping[str, Moments]) -> None:
    """Give every activation quantizer the range of its rectifier at mean - 6 std .. mean + 6 std.

    Raises CompressError for one before which there are values that cannot be followed.
    """
    moments = propagate(traced, normals)
    for node in traced.graph.nodes:
        quantizer = callee_of(traced, node)
        if not isinstance(quantizer, ActivationQuantizer):
            continue
        relu = node.all_input_nodes[0]
        known = moments[relu.all_input_nodes[0]]
        if known is None:
            raise CompressError(
                f"dfq cannot tell the range of '{relu.name}': what comes before it has no "
                "BatchNorm statistics that could be followed; use zeroq or a generator's images"
            )
        callee = callee_of(traced, relu)
        function = activation(callee) or partial(torch.clamp, min=0, max=clip_of(callee))
        values = known.spread(function)
        quantizer.low.copy_(values.min().clamp_max(0))
        quantizer.high.copy_(values.max())
        quantizer.initialised.fill_(True)


@torch.no_grad()
def correct_biases(traced: fx.GraphModule, normals: Mapping[str, Moments]) -> None:
    """Take the expected error E[Q(W) x] - E[W x] off each quantized layer's bias.

    Layers whose inputs cannot be followed keep their biases.
    """
    moments = propagate(traced, normals)
    for node in traced.graph.nodes:
        layer = callee_of(traced, node)
        if not isinstance(layer, QuantizedConv2d | QuantizedLinear):
            continue
        known = moments[node.all_input_nodes[0]]
        if known is None or layer.bias is None:
            continue
        error = over_kernel(layer.quantized_weight() - layer.weight)
        layer.bias.sub_((error * spread_over(known.mean, layer)).sum(1))
