"""Steps of channels become a part of the convolutions on both sides: then all values of a map have
one step, and what is computed is the same."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, fx

from autorecon.compress.quantization.calls import WeightedCall, parameter, weighted_calls
from autorecon.compress.quantization.depthwise import readers
from autorecon.compress.quantization.layers import ActivationQuantizer, StoredWeight
from autorecon.compress.quantization.stored import store_weights


@torch.no_grad()
def fold_channels(traced: fx.GraphModule) -> None:
    """In a student of the scheme `integer`, in place; its weights are held as integers then.

    Codes of weights stay as they are: their steps take up what the channels' had. Where a ReLU
    cuts off above, the grid after it does so alone.
    """
    store_weights(traced)
    calls = {call.node: call for call in weighted_calls(traced)}
    for node in traced.graph.find_nodes(op="call_module"):
        quantizer = traced.get_submodule(str(node.target))
        if not isinstance(quantizer, ActivationQuantizer) or not quantizer.by_channel:
            continue
        (rectifier,) = node.all_input_nodes
        widest = quantizer.high.max()
        factor = widest / quantizer.high.flatten().clamp_min(1e-8)
        _scale(traced, calls[rectifier.all_input_nodes[0]], factor, with_bias=True)
        for reader in readers(node):
            _scale(traced, calls[reader], 1 / factor, with_bias=False)
        rectifier.target = torch.ops.aten.relu.default
        rectifier.args, rectifier.kwargs = (rectifier.args[0],), {}
        quantizer.low, quantizer.high = torch.zeros_like(widest), widest.clone()


def _scale(traced: fx.GraphModule, call: WeightedCall, factor: Tensor, with_bias: bool) -> None:
    """Of each output channel the weights, and the bias if it is asked for."""
    held, weight = cast(fx.Node, call.node.args[1]), parameter(traced, call.weight)
    stored = cast(StoredWeight, traced.get_submodule(str(held.target)))
    factor = factor.repeat_interleave(len(stored.scale) // len(factor))
    stored.scale.div_(factor)
    if stored.shift is not None:
        stored.shift.mul_(factor)
    weight.mul_(factor.view(-1, *[1] * (weight.dim() - 1)))
    if with_bias and call.bias is not None:
        (bias,) = [node for node in call.bias.all_input_nodes if node is not call.weight]
        parameter(traced, bias).mul_(factor)
