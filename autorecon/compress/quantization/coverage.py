"""How much of a network is quantized: of its weights, and of the work that it does."""

from __future__ import annotations

from collections.abc import Iterator

from torch import fx

from autorecon.compress.quantization.calls import (
    WeightedCall,
    moved_from,
    parameter,
    unweighted_macs,
    weighted_calls,
)
from autorecon.compress.quantization.layers import ActivationQuantizer, WeightQuantizer
from autorecon.compress.quantization.operations import MOVEMENTS, operation
from autorecon.records.coverage import Coverage, Part

LARGEST = 10


def coverage(traced: fx.GraphModule) -> Coverage:
    """What of a quantized graph is at its bits, and the largest parts that are not."""
    weights = {name: value.numel() for name, value in traced.named_parameters()}
    names = {id(value): name for name, value in traced.named_parameters()}

    def name_of(call: WeightedCall) -> str:
        """One name of a weight that layers share; its own of a buffer."""
        return names.get(id(parameter(traced, call.weight)), str(call.weight.target))

    calls = weighted_calls(traced)
    total = sum(call.macs for call in calls)
    own = unweighted_macs(traced)
    quantized = {name_of(call) for call in calls if _is_quantized(traced, call.node)}
    covered = [call for call in calls if name_of(call) in quantized]
    left = [Part(name, count, 0) for name, count in weights.items() if name not in quantized]
    left += [Part(node.meta["label"], 0, macs) for node, macs in own.items()]
    return Coverage(
        weights=sum(weights.values()),
        weights_quantized=sum(weights.get(name, 0) for name in quantized),
        macs=total + sum(own.values()),
        macs_quantized=sum(call.macs for call in covered),
        macs_of_both=sum(call.macs for call in covered if _on_a_grid(traced, call.source)),
        left=sorted(left, key=lambda part: (-part.macs, -part.weights))[:LARGEST],
    )


def _is_quantized(traced: fx.GraphModule, node: fx.Node) -> bool:
    return any(
        isinstance(traced.get_submodule(str(part.target)), WeightQuantizer)
        for part in _before(node)
        if part.op == "call_module"
    )


def _before(node: fx.Node) -> Iterator[fx.Node]:
    """The inputs of a call, and what lies behind turned axes."""
    for part in node.all_input_nodes:
        yield part
        if operation(part) in MOVEMENTS:
            yield from _before(part)


def _on_a_grid(traced: fx.GraphModule, node: fx.Node) -> bool:
    """Whether values come from a quantizer, moved about at most."""
    origin = moved_from(node)
    if origin.op != "call_module":
        return False
    return isinstance(traced.get_submodule(str(origin.target)), ActivationQuantizer)
