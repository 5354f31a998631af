"""What quantization does to the means, undone; and ranges of activations without any image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor, fx

from autorecon.compress.equalization.moments import (
    Moments,
    activation,
    over_kernel,
    propagate,
    spread_over,
)
from autorecon.compress.errors import CompressError
from autorecon.compress.quantization.calls import constant, parameter, weighted_calls
from autorecon.compress.quantization.layers import ActivationQuantizer
from autorecon.compress.quantization.operations import is_rectifier
from autorecon.compress.quantization.quantize import quantized_weights

SURE = 8
"""Bits from which on a range holds what BatchNorm statistics tell of: fewer want it narrow."""


@torch.no_grad()
def set_ranges(traced: fx.GraphModule, normals: Mapping[str, Moments]) -> None:
    """Give every activation quantizer the range of its values at mean - 6 std .. mean + 6 std, of a
    rectifier's that of what goes in.

    Raises CompressError for one before which there are values that cannot be followed.
    """
    for quantizer, source, values in _spreads(traced, normals):
        if values is None:
            raise CompressError(
                f"dfq cannot tell the range of '{source.meta['label']}': what comes before it has "
                "no BatchNorm statistics that could be followed; use zeroq or a generator's images"
            )
        quantizer.low.copy_(values.min().clamp_max(0))
        quantizer.high.copy_(values.max())
        quantizer.initialised.fill_(True)


@torch.no_grad()
def hold_statistics(traced: fx.GraphModule) -> None:
    """Have activation quantizers of 8 bits or more hold that range, whatever images show them.

    Images that a generator or noise invents may leave deep values far weaker than real ones do.
    What no BatchNorm statistics are known of, and images themselves, have the range that is seen.
    """
    folded = traced.meta["folded"]
    normals = {name: Moments(f.offset, f.factor.square()) for name, f in folded.items()}
    for quantizer, source, values in _spreads(traced, normals):
        if values is None or quantizer.bits < SURE or source.op == "placeholder":
            continue
        ends = values.amin(0), values.amax(0)
        if not quantizer.by_channel:
            ends = ends[0].amin(), ends[1].amax()
        quantizer.holds = ends[0].clamp_max(0), ends[1].clamp_min(0)


def _spreads(
    traced: fx.GraphModule, normals: Mapping[str, Moments]
) -> Iterator[tuple[ActivationQuantizer, fx.Node, Tensor | None]]:
    """Each quantizer with what it quantizes, and its values [points, C] at mean - 6 std .. mean + 6
    std; None where these cannot be told."""
    moments = propagate(traced, normals)
    for node in traced.graph.find_nodes(op="call_module"):
        quantizer = traced.get_submodule(str(node.target))
        if not isinstance(quantizer, ActivationQuantizer):
            continue
        (source,) = node.all_input_nodes
        known: Moments | None = moments[source]
        function: Callable[[Tensor], Tensor] | None = torch.clone
        if is_rectifier(source):
            known, function = moments[source.all_input_nodes[0]], activation(source)
        yield quantizer, source, known.spread(function) if known and function else None


@torch.no_grad()
def correct_biases(traced: fx.GraphModule, normals: Mapping[str, Moments]) -> None:
    """Take the expected error E[Q(W) x] - E[W x] off each quantized layer's bias.

    Layers whose inputs cannot be followed keep their biases.
    """
    moments = propagate(traced, normals)
    weights = quantized_weights(traced)
    for call in weighted_calls(traced):
        known = moments[call.source]
        kept = constant(call.bias)[0]
        if known is None or kept is None or call.axis != 0:
            continue
        weight, quantizer = weights[str(call.weight.target)]
        error = over_kernel(quantizer(weight) - weight)
        bias = parameter(traced, kept)
        bias.sub_((error * spread_over(known.mean, call)).sum(1))
