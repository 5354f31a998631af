"""From a teacher to its quantized student.

What is quantized is found in the captured graph: each product with a weight, and each call of an
activation with a range of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import attrs
import torch
from torch import Tensor, fx, nn

from autorecon.compress.errors import CompressError, TraceError, require_known
from autorecon.compress.quantization.bits import ROUNDINGS, SCHEMES, Bits
from autorecon.compress.quantization.calls import (
    WeightedCall,
    constant,
    moved_from,
    parameter,
    weighted_calls,
)
from autorecon.compress.quantization.capture import capture
from autorecon.compress.quantization.coverage import Coverage, coverage
from autorecon.compress.quantization.depthwise import read_by_channel
from autorecon.compress.quantization.layers import (
    ActivationQuantizer,
    BiasQuantizer,
    WeightQuantizer,
)
from autorecon.compress.quantization.norms import fold_batch_norms
from autorecon.compress.quantization.operations import is_rectifier, operation
from autorecon.compress.quantization.ranges import RANGES
from autorecon.compress.quantization.schemes import OUTER_BITS, quantized_values
from autorecon.compress.quantization.sites import kind_of, unquantized_sites
from autorecon.compress.quantization.stored import stored_bytes
from autorecon.compress.quantization.widths import Widths, as_widths
from autorecon.image_size import is_image_shape
from autorecon.nn.transfer import fetched
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

    def operations(self) -> Iterator[tuple[str, str]]:
        """What is called, in order: each operation's name, and its settings, on whatever device."""
        for node in self.module.graph.nodes:
            if name := operation(node):
                settings = fx.node.map_aggregate((node.args, node.kwargs), _setting)
                yield name, repr(settings)

    def quantizers(self) -> Iterator[ActivationQuantizer]:
        return (m for m in self.module.modules() if isinstance(m, ActivationQuantizer))

    def weights(self) -> dict[str, tuple[nn.Parameter, WeightQuantizer]]:
        """Each weight that is quantized, by its name, with what does it."""
        return quantized_weights(self.module)

    def freeze(self) -> None:
        """Keep the activation ranges as they are; raises CompressError if there are none yet."""
        quantizers = list(self.quantizers())
        if not all(fetched([quantizer.initialised for quantizer in quantizers])):
            raise CompressError("activation ranges are unknown: show the student images first")
        for quantizer in quantizers:
            quantizer.observing = False

    def weight_bytes(self) -> int:
        """Bytes of all that is stored: quantized weights at their bits, with the numbers that their
        grids take, ranges, norms, biases and whatever else is not quantized."""
        return stored_bytes(self.module)


@attrs.frozen
class Rules:
    """How a network is quantized: `widths`, and of `scheme`, `ranges` and `rounding` which.

    Raises CompressError for an unknown one.
    """

    widths: Widths = attrs.field(converter=as_widths)
    ranges: str = "fitted"
    rounding: str = "unbiased"
    scheme: str = "gdfq"

    def __attrs_post_init__(self) -> None:
        for name, known in (("ranges", RANGES), ("rounding", ROUNDINGS), ("scheme", SCHEMES)):
            require_known(name, getattr(self, name), known)

    @property
    def integer(self) -> bool:
        return self.scheme == "integer"

    @property
    def by_channel(self) -> bool:
        return RANGES[self.ranges].by_channel


def _setting(value: Any) -> Any:
    return None if isinstance(value, fx.Node | torch.device) else value


def quantize(
    teacher: nn.Module,
    image_shape: tuple[int, int, int],
    bits: Bits | Widths | None = None,
    ranges: str = "fitted",
    rounding: str = "unbiased",
    scheme: str = "gdfq",
) -> QuantizedModel:
    """A copy of the teacher with quantized weights, and quantizers where the scheme has them.

    Every convolution, linear layer and product with a weight is included, first and last as well,
    however it is written. In the scheme `gdfq` activations are, ReLU and what later networks have
    in its place; in `integer` norms are folded, and all that is computed is quantized. Quantizers
    of values observe until `freeze`. Images are [N, *image_shape]. Raises TraceError for a model
    that cannot be captured or that offers nothing to quantize, CompressError for unknown rules, and
    where it is not told what images and bits are.
    """
    if not is_image_shape(image_shape) or not isinstance(bits, Bits | Widths):
        raise CompressError(
            "quantize takes a network, the (channels, height, width) of its images, and bits, as "
            f"in quantize(net, (3, 224, 224), Bits(4, 4)), not {image_shape!r} and {bits!r}"
        )
    rules = Rules(bits, ranges, rounding, scheme)
    channels, height, width = image_shape
    return quantize_captured(capture(teacher, (channels, height, width)), rules)


def quantize_captured(traced: fx.GraphModule, rules: Rules) -> QuantizedModel:
    """The same of a captured graph, in place."""
    name = traced.meta["name"]
    if hasattr(traced, QUANTIZERS):
        raise TraceError(f"{name} has an attribute '{QUANTIZERS}', a name that is needed here")
    if rules.integer:
        traced.meta["folded"] = fold_batch_norms(traced)
    calls = weighted_calls(traced)
    values = quantized_values(traced, rules.scheme)
    _check_found(name, calls, values)
    rules.widths.check_used([call.layer for call in calls])
    by_channel = read_by_channel(traced, rules.integer) if rules.by_channel else set()
    traced.add_submodule(QUANTIZERS, nn.ModuleDict())
    ends = {calls[0].weight, calls[-1].weight}
    sites = list(_quantize_weights(traced, calls, rules, ends))
    outer = _outer(traced)
    at_ends = {moved_from(call.source) for call in calls if call.weight in ends}
    for node in values:
        width = rules.widths.at(node.meta["label"], node in at_ends).activations
        if rules.integer and node in outer:
            width = max(width, OUTER_BITS)
        sites.append(_quantize_value(traced, node, width, rules, node in by_channel))
    if rules.integer:
        _round_biases(traced)
    traced.recompile()
    traced.eval().requires_grad_(True)
    return QuantizedModel(
        traced, sites + unquantized_sites(traced, rules.integer), coverage(traced)
    )


def _outer(traced: fx.GraphModule) -> set[fx.Node]:
    """The images, and the answers."""
    (answers,) = traced.graph.output_node().all_input_nodes
    return {*traced.graph.find_nodes(op="placeholder"), moved_from(answers)}


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
    traced: fx.GraphModule, calls: list[WeightedCall], rules: Rules, ends: set[fx.Node]
) -> Iterator[Site]:
    placed: dict[tuple[fx.Node, int, int], fx.Node] = {}
    kept = "" if rules.rounding == "plain" else f", {rules.rounding}"
    for call in calls:
        weight, reader = call.weight, _reader(call)
        key = weight, call.axis, call.groups
        if key not in placed:
            bits = rules.widths.at(call.layer, weight in ends).weights
            quantizer = WeightQuantizer(bits, rules.rounding, call.axis, call.groups, rules.integer)
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


def _quantize_value(
    traced: fx.GraphModule, node: fx.Node, bits: int, rules: Rules, by_channel: bool
) -> Site:
    name, sizes = node.meta["label"], node.meta["shape"]
    shape = (sizes[1], *[1] * len(sizes[2:])) if by_channel else ()
    quantizer = ActivationQuantizer(bits, rules.ranges, rules.integer, shape)
    with traced.graph.inserting_after(node):
        quantized = _place(traced, node, name, quantizer)
    node.replace_all_uses_with(quantized, lambda user: user is not quantized)
    kind = "activation" if is_rectifier(node) else kind_of(node)
    per = "channel" if by_channel else "tensor"
    return Site(name, kind, bits, f"per {per}, {rules.ranges} range")


def _round_biases(traced: fx.GraphModule) -> None:
    for call in weighted_calls(traced):
        values, bias = moved_from(call.source), call.bias
        if values.op != "call_module" or bias is None or bias.op != "get_attr" or call.axis != 0:
            continue
        weight = next(u for u in call.weight.users if u.op == "call_module")
        quantizer = BiasQuantizer(traced, str(values.target), str(weight.target))
        with traced.graph.inserting_before(call.node):
            placed = _place(traced, bias, str(bias.target), quantizer)
        placed.args = (bias, call.weight)
        call.node.replace_input_with(bias, placed)


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
