"""From a teacher to its quantized student.

What is quantized is found in the captured graph: each product with a weight, and each call of an
activation with a range of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import attrs
from torch import Tensor, fx, nn

from autorecon.compress.errors import CompressError, TraceError, require_known
from autorecon.compress.quantization.bits import ROUNDINGS, Bits
from autorecon.compress.quantization.calls import (
    WeightedCall,
    constant,
    parameter,
    weighted_calls,
)
from autorecon.compress.quantization.capture import capture
from autorecon.compress.quantization.coverage import Coverage, coverage
from autorecon.compress.quantization.layers import ActivationQuantizer, WeightQuantizer
from autorecon.compress.quantization.operations import is_rectifier
from autorecon.compress.quantization.ranges import RANGES
from autorecon.compress.quantization.sites import unquantized_sites
from autorecon.compress.quantization.stored import stored_bytes
from autorecon.records.results import Site

QUANTIZERS = "quantizers"
"""The submodule that holds the quantizers; all other names are the teacher's."""


@attrs.frozen(eq=False)
class QuantizedModel:
    """A student in eval mode, and the list of what is quantized in it and what is not."""

    module: fx.GraphModule
    report: list[Site]
    coverage: Coverage

    def __call__(self, images: Tensor) -> Tensor:
        logits: Tensor = self.module(images)
        return logits

    @property
    def answers(self) -> int:
        """How many numbers it gives an image."""
        (logits,) = self.module.graph.output_node().args
        return int(cast(fx.Node, logits).meta["shape"][1])

    def quantizers(self) -> Iterator[ActivationQuantizer]:
        return (m for m in self.module.modules() if isinstance(m, ActivationQuantizer))

    def weights(self) -> dict[str, tuple[nn.Parameter, WeightQuantizer]]:
        """Each weight that is quantized, by its name, with what does it."""
        return quantized_weights(self.module)

    def freeze(self) -> None:
        """Keep the activation ranges as they are; raises CompressError if there are none yet."""
        for quantizer in self.quantizers():
            if not quantizer.initialised:
                raise CompressError("activation ranges are unknown: show the student images first")
            quantizer.observing = False

    def weight_bytes(self) -> int:
        """Bytes of all that is stored: quantized weights at their bits, with the numbers that their
        grids take, ranges, norms, biases and whatever else is not quantized."""
        return stored_bytes(self.module)


def quantize(
    teacher: nn.Module,
    image_shape: tuple[int, int, int],
    bits: Bits,
    ranges: str = "percentile",
    rounding: str = "unbiased",
) -> QuantizedModel:
    """A copy of the teacher with quantized weights, and a quantizer after every activation's call.

    Every convolution, linear layer and product with a weight is included, first and last as well,
    however it is written. Activations are ReLU, ReLU6 and what later networks have in their place.
    Their quantizers observe until `freeze`. Images are [N, *image_shape]. Raises TraceError for a
    model that cannot be captured or that offers nothing to quantize, CompressError for an unknown
    kind of range or rounding.
    """
    return quantize_captured(capture(teacher, image_shape), bits, ranges, rounding)


def quantize_captured(
    traced: fx.GraphModule, bits: Bits, ranges: str = "percentile", rounding: str = "unbiased"
) -> QuantizedModel:
    """The same of a captured graph, in place."""
    require_known("ranges", ranges, RANGES)
    require_known("rounding", rounding, ROUNDINGS)
    name = traced.meta["name"]
    if hasattr(traced, QUANTIZERS):
        raise TraceError(f"{name} has an attribute '{QUANTIZERS}', a name that is needed here")
    calls = weighted_calls(traced)
    activations = [node for node in traced.graph.nodes if is_rectifier(node)]
    _check_found(name, calls, activations)
    traced.add_submodule(QUANTIZERS, nn.ModuleDict())
    weights = list(_quantize_weights(traced, calls, bits.weights, rounding))
    sites = [_quantize_activation(traced, node, bits.activations, ranges) for node in activations]
    traced.recompile()
    traced.eval().requires_grad_(True)
    report = weights + sites + unquantized_sites(traced)
    return QuantizedModel(traced, report, coverage(traced))


def quantized_weights(traced: fx.GraphModule) -> dict[str, tuple[nn.Parameter, WeightQuantizer]]:
    """Each weight that is quantized in a graph, by its name, with what does it."""
    found = {}
    for node in traced.graph.find_nodes(op="call_module"):
        quantizer = traced.get_submodule(str(node.target))
        if isinstance(quantizer, WeightQuantizer):
            (weight,) = node.all_input_nodes
            found[str(weight.target)] = cast(nn.Parameter, parameter(traced, weight)), quantizer
    return found


def _quantize_weights(
    traced: fx.GraphModule, calls: list[WeightedCall], bits: int, rounding: str
) -> Iterator[Site]:
    placed: dict[tuple[fx.Node, int, int], fx.Node] = {}
    kept = "" if rounding == "plain" else f", {rounding}"
    for call in calls:
        weight, reader = call.weight, _reader(call)
        key = weight, call.axis, call.groups
        if key not in placed:
            quantizer = WeightQuantizer(bits, rounding, call.axis, call.groups)
            # No earlier than it is needed: until then it would take memory.
            with traced.graph.inserting_before(reader):
                placed[key] = _place(traced, weight, str(weight.target), quantizer)
            count = parameter(traced, weight).numel()
            yield Site(call.layer, "weight", bits, f"per output channel{kept}", count)
        reader.replace_input_with(weight, placed[key])


def _reader(call: WeightedCall) -> fx.Node:
    """What reads the weight of a call: the call itself, or the first turn of its axes."""
    turns = next(constant(n)[1] for n in call.node.all_input_nodes if constant(n)[0] is call.weight)
    return turns[0] if turns else call.node


def _quantize_activation(traced: fx.GraphModule, node: fx.Node, bits: int, ranges: str) -> Site:
    name = node.meta["label"]
    with traced.graph.inserting_after(node):
        quantized = _place(traced, node, name, ActivationQuantizer(bits, ranges))
    node.replace_all_uses_with(quantized, lambda user: user is not quantized)
    return Site(name, "activation", bits, f"per tensor, {ranges} range")


def _place(traced: fx.GraphModule, node: fx.Node, name: str, quantizer: nn.Module) -> fx.Node:
    """A call of a quantizer on what a node gives."""
    field, taken = name.replace(".", "_"), dict(traced.get_submodule(QUANTIZERS).named_children())
    while field in taken:  # as of `a.b` and `a_b`, or of a weight that is read along two axes
        field += "_"
    target = f"{QUANTIZERS}.{field}"
    traced.add_submodule(target, quantizer)
    placed = traced.graph.call_module(target, (node,))
    placed.meta["shape"] = node.meta["shape"]
    return placed


def _check_found(name: str, weights: list[WeightedCall], activations: list[fx.Node]) -> None:
    if not weights:
        raise TraceError(f"{name} has no convolution and no linear layer to quantize")
    if not activations:
        raise TraceError(
            f"{name} has no activation to quantize: it calls neither ReLU nor anything of its kind"
        )
