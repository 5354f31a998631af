"""BatchNorm layers become part of the convolutions before them."""

from __future__ import annotations

from typing import Any, cast

import attrs
import torch
from torch import Tensor, fx

from autorecon.compress.quantization.calls import (
    WeightedCall,
    parameter,
    put_parameter,
    weighted_calls,
)
from autorecon.compress.quantization.folding import forget_unread
from autorecon.compress.quantization.operations import CONVOLUTIONS, operation


@attrs.frozen(eq=False)
class Folded:
    """What a convolution's values [C] are on the training data, by the norm that it took in: their
    mean is the norm's offset, their deviation its factor."""

    offset: Tensor
    factor: Tensor


@torch.no_grad()
def fold_batch_norms(traced: fx.GraphModule) -> dict[str, Folded]:
    """Fold each BatchNorm that alone follows a convolution into it, in place; the net computes the
    same in eval mode.

    Gives what was folded by the convolution's name. Every other convolution and linear layer gets
    a bias of zeros.
    """
    found: dict[str, Folded] = {}
    for call in weighted_calls(traced):
        norm = next(iter(call.node.users))
        alone = len(call.node.users) == 1 and len(call.weight.users) == 1
        if alone and _takes_norms(call) and is_stored_norm(norm):
            found[call.layer] = _fold(traced, call, norm)
            # It is known by what it gives now, as the report has it.
            norm.replace_all_uses_with(call.node)
    for call in weighted_calls(traced):
        if call.bias is None and call.axis == 0 and operation(call.node) in _WITH_BIAS:
            _put_bias(traced, call, torch.zeros(call.weight.meta["shape"][0]))
    forget_unread(traced)
    return found


_WITH_BIAS = CONVOLUTIONS | {"linear"}


def _takes_norms(call: WeightedCall) -> bool:
    return operation(call.node) in _WITH_BIAS and call.axis == 0


def is_stored_norm(node: fx.Node) -> bool:
    """Whether a call is a BatchNorm with the statistics of the training data."""
    return operation(node) == "batch_norm" and node.args[3] is not None and not node.args[5]


def _fold(traced: fx.GraphModule, call: WeightedCall, norm: fx.Node) -> Folded:
    _, weight, offset, mean, variance, _, _, eps, *_ = cast(tuple[Any, ...], norm.args)
    mean, variance = parameter(traced, mean), parameter(traced, variance)
    factor = torch.ones_like(mean) if weight is None else parameter(traced, weight).detach()
    offset = torch.zeros_like(mean) if offset is None else parameter(traced, offset).detach()
    scale = factor / (variance + eps).sqrt()
    bias = torch.zeros_like(mean) if call.bias is None else parameter(traced, call.bias)
    kernel = parameter(traced, call.weight)
    # A new one: another layer may have this parameter too.
    put_parameter(
        traced, str(call.weight.target), kernel * scale.view(-1, *[1] * (kernel.dim() - 1))
    )
    _put_bias(traced, call, (bias - mean) * scale + offset)
    return Folded(offset.clone(), factor.clone())


def _put_bias(traced: fx.GraphModule, call: WeightedCall, value: Tensor) -> None:
    if call.bias is not None and len(call.bias.users) == 1:
        put_parameter(traced, str(call.bias.target), value)
        return
    # Of a weight that is no layer's, and that names no place for others, it stands beside it.
    is_layer = str(call.weight.target).endswith(".weight")
    name = f"{call.layer}.bias" if is_layer and call.bias is None else f"{call.weight.target}_bias"
    put_parameter(traced, name, value)
    with traced.graph.inserting_after(call.weight):
        bias = traced.graph.get_attr(name)
    bias.meta["shape"] = tuple(value.shape)
    call.node.args = (*call.node.args[:2], bias, *call.node.args[3:])
