"""From a teacher to its quantized student, by tracing with torch.fx.

The sites are found in the traced graph, so a ReLU module that is called twice gets two
quantizers with two ranges.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import attrs
from torch import Tensor, fx, nn

from autorecon.compress.bits import ROUNDINGS, Bits
from autorecon.compress.errors import CompressError, TraceError
from autorecon.compress.layers import ActivationQuantizer, QuantizedConv2d, QuantizedLinear
from autorecon.compress.quantizer import RANGES
from autorecon.compress.sites import callee_of, is_rectifier, unquantized_sites
from autorecon.compress.tracer import trace
from autorecon.records.results import Site

QUANTIZERS = "quantizers"
"""The submodule that holds the activation quantizers; all other names are the teacher's."""


@attrs.frozen(eq=False)
class QuantizedModel:
    """A student in eval mode, and the list of what is quantized in it and what is not."""

    module: nn.Module
    report: list[Site]

    def __call__(self, images: Tensor) -> Tensor:
        logits: Tensor = self.module(images)
        return logits

    def quantizers(self) -> Iterator[ActivationQuantizer]:
        return (m for m in self.module.modules() if isinstance(m, ActivationQuantizer))

    def freeze(self) -> None:
        """Keep the activation ranges as they are; raises CompressError if there are none yet."""
        for quantizer in self.quantizers():
            if not quantizer.initialised:
                raise CompressError("activation ranges are unknown: show the student images first")
            quantizer.observing = False

    def weight_bytes(self) -> tuple[float, float]:
        """Bytes of the weights and norms as float32, and with the quantized ones at their bits."""
        full = sum(site.values for site in self.report) * 4
        return full, sum(site.values * (site.bits or 32) for site in self.report) / 8


def quantize(
    teacher: nn.Module, bits: Bits, ranges: str = "percentile", rounding: str = "unbiased"
) -> QuantizedModel:
    """A copy of the teacher with quantized weights, and a quantizer after every rectifier's call.

    Every Conv2d and Linear is included, first and last as well; rectifiers are ReLU and ReLU6, and
    what later networks have in their place, Hardswish and SiLU. The activation quantizers
    observe until `freeze`. Raises TraceError for a model whose calls cannot be followed or
    that offers nothing to quantize, CompressError for an unknown kind of range or rounding.
    """
    if ranges not in RANGES:
        raise CompressError(f"unknown activation ranges '{ranges}'; choose {' or '.join(RANGES)}")
    if rounding not in ROUNDINGS:
        raise CompressError(f"unknown rounding '{rounding}'; choose {' or '.join(ROUNDINGS)}")
    traced = _traced(copy.deepcopy(teacher).eval())
    weights = list(_quantize_weights(traced, bits.weights, rounding))
    activations = list(_quantize_activations(traced, bits.activations, ranges))
    _check_found(teacher, weights, activations)
    traced.eval().requires_grad_(True)
    return QuantizedModel(traced, weights + activations + unquantized_sites(traced))


def _traced(module: nn.Module) -> fx.GraphModule:
    traced = trace(module)
    if hasattr(traced, QUANTIZERS):
        name = type(module).__name__
        raise TraceError(f"{name} has an attribute '{QUANTIZERS}', a name that is needed here")
    return traced


def _quantize_weights(traced: fx.GraphModule, bits: int, rounding: str) -> Iterator[Site]:
    for name, module in list(traced.named_modules()):
        # Not subclasses: their forward may do something else with the weight.
        if type(module) is nn.Conv2d:
            traced.set_submodule(name, QuantizedConv2d.of(module, bits, rounding))
        elif type(module) is nn.Linear:
            traced.set_submodule(name, QuantizedLinear.of(module, bits, rounding))
        else:
            continue
        kept = "" if rounding == "plain" else f", {rounding}"
        yield Site(name, "weight", bits, f"per output channel{kept}", module.weight.numel())


def _quantize_activations(traced: fx.GraphModule, bits: int, ranges: str) -> Iterator[Site]:
    traced.add_submodule(QUANTIZERS, nn.ModuleDict())
    for node in list(traced.graph.nodes):
        if not is_rectifier(callee_of(traced, node)):
            continue
        if not node.users:
            raise TraceError(f"the result of '{node.format_node()}' is dropped: assign it instead")
        target = f"{QUANTIZERS}.{node.name}"
        traced.add_submodule(target, ActivationQuantizer(bits, ranges))
        with traced.graph.inserting_after(node):
            quantized = traced.graph.call_module(target, (node,))
        node.replace_all_uses_with(quantized, lambda user, own=quantized: user is not own)
        yield Site(node.name, "activation", bits, f"per tensor, {ranges} range")
    traced.recompile()


def _check_found(teacher: nn.Module, weights: list[Site], activations: list[Site]) -> None:
    name = type(teacher).__name__
    if not weights:
        raise TraceError(f"{name} has no Conv2d or Linear layer to quantize")
    if not activations:
        known = "ReLU, ReLU6, Hardswish and SiLU"
        raise TraceError(f"{name} has no activation to quantize: it calls none of {known}")
