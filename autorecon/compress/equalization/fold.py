"""BatchNorm layers become part of the convolutions before them."""

from __future__ import annotations

import torch
from torch import Tensor, fx

from autorecon.compress.equalization.moments import Moments
from autorecon.compress.quantization.calls import (
    WeightedCall,
    parameter,
    put_parameter,
    weighted_calls,
)
from autorecon.compress.quantization.operations import CONVOLUTIONS, operation


@torch.no_grad()
def fold_batch_norms(traced: fx.GraphModule) -> dict[str, Moments]:
    """Fold each BatchNorm that alone follows a convolution into it, in place; the net computes the
    same in eval mode.

    Gives, by the convolution's name, what its values are now on the training data: the norm's
    offset and the square of its factor. Every other convolution and linear layer gets a bias of
    zeros.
    """
    normals: dict[str, Moments] = {}
    for call in weighted_calls(traced):
        norm = next(iter(call.node.users))
        alone = len(call.node.users) == 1 and len(call.weight.users) == 1
        if alone and operation(call.node) in CONVOLUTIONS and is_stored_norm(norm):
            normals[call.layer] = _fold(traced, call, norm)
            norm.replace_all_uses_with(call.node)
            traced.graph.erase_node(norm)
    for call in weighted_calls(traced):
        if call.bias is None and call.axis == 0 and operation(call.node) in _WITH_BIAS:
            _put_bias(traced, call, torch.zeros(call.weight.meta["shape"][0]))
    traced.graph.eliminate_dead_code()
    traced.recompile()
    return normals


_WITH_BIAS = CONVOLUTIONS | {"linear"}


def is_stored_norm(node: fx.Node) -> bool:
    """Whether a call is a BatchNorm with the statistics of the training data."""
    return operation(node) == "batch_norm" and node.args[3] is not None and not node.args[5]


def _fold(traced: fx.GraphModule, call: WeightedCall, norm: fx.Node) -> Moments:
    mean, variance = (parameter(traced, part) for part in norm.args[3:5])
    factor, offset = (
        default if part is None else parameter(traced, part).detach()
        for part, default in zip(
            norm.args[1:3], (torch.ones_like(mean), torch.zeros_like(mean)), strict=True
        )
    )
    scale = factor / (variance + norm.args[7]).sqrt()
    bias = torch.zeros_like(mean) if call.bias is None else parameter(traced, call.bias)
    weight = parameter(traced, call.weight)
    weight.mul_(scale.view(-1, *[1] * (weight.dim() - 1)))
    _put_bias(traced, call, (bias - mean) * scale + offset)
    return Moments(offset.clone(), factor.square())


def _put_bias(traced: fx.GraphModule, call: WeightedCall, value: Tensor) -> None:
    if call.bias is not None:
        put_parameter(traced, str(call.bias.target), value)
        return
    name = f"{call.layer}.bias"
    put_parameter(traced, name, value)
    with traced.graph.inserting_after(call.weight):
        bias = traced.graph.get_attr(name)
    bias.meta["shape"] = tuple(value.shape)
    call.node.args = (*call.node.args[:2], bias, *call.node.args[3:])
