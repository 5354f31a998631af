"""A student's grids as operations that runtimes know: levels in 8 bits, scales, zero points.

A value x is (code - zero) * scale for a code of 0 to `top`. Levels of fewer than 8 bits stay in
bytes, and what lies above `top` is cut off. Weights that are computed with as integers have codes
and zero points of -128 to 127, of 8 bits the zero point 0: processors multiply bytes without a sign
by bytes with one.
"""

from __future__ import annotations

import copy
from typing import cast

import attrs
import torch
from torch import Tensor, fx

from autorecon.compress.quantization.calls import WeightedCall, parameter, weighted_calls
from autorecon.compress.quantization.layers import (
    ActivationQuantizer,
    BiasQuantizer,
    WeightQuantizer,
)
from autorecon.compress.quantization.operations import top_of
from autorecon.compress.quantization.rounding import Encoded, multiple
from autorecon.compress.quantization.stored import keep_rounded_biases
from autorecon.export.channels import fold_channels
from autorecon.export.errors import ExportError

BYTE, SIGN = 255, 128
WHOLE = 1e-2
"""How far a zero point may be from a whole number, which rounding alone brings about."""


@torch.library.custom_op("autorecon::on_grid", mutates_args=())
def on_grid(x: Tensor, scale: Tensor, zero: Tensor, top: int) -> Tensor:
    """x on the grid of codes 0 .. top; `scale` and the byte `zero` are scalars, or of channels."""
    if scale.dim():
        shape = [-1, *[1] * (x.dim() - 2)]
        scale, zero = scale.view(shape), zero.view(shape)
    codes = (x / scale).round() + zero
    return (codes.clamp(0, top) - zero) * scale


@on_grid.register_fake
def _(x: Tensor, scale: Tensor, zero: Tensor, top: int) -> Tensor:
    return torch.empty_like(x)


@torch.library.custom_op("autorecon::from_codes", mutates_args=())
def from_codes(codes: Tensor, scale: Tensor, zero: Tensor, axis: int) -> Tensor:
    """Codes as values, with a scale and a zero point for each index of an axis."""
    shape = [1] * codes.dim()
    shape[axis] = -1
    return (codes.float() - zero.float().view(shape)) * scale.view(shape)


@from_codes.register_fake
def _(codes: Tensor, scale: Tensor, zero: Tensor, axis: int) -> Tensor:
    return torch.empty_like(codes, dtype=scale.dtype)


@attrs.frozen(eq=False)
class Grid:
    """Of values: `scale` and the whole `zero`, scalars or of channels, and the greatest code."""

    scale: Tensor
    zero: Tensor
    top: int

    @classmethod
    def of(cls, quantizer: ActivationQuantizer) -> Grid:
        top = 2**quantizer.bits - 1
        scale = top / (quantizer.high - quantizer.low).clamp_min(1e-8)
        zero = -torch.round(scale * quantizer.low)
        return cls(1 / scale, zero, top)

    @property
    def past(self) -> Tensor:
        """How far zero points are past what a byte holds, of values that do not come near zero: an
        even number of steps, by which they can be moved with halves still rounded as they were."""
        far = self.zero - self.zero.clamp(0, BYTE)
        return 2 * far.sign() * (far.abs() / 2).ceil()

    def cuts_off(self, top: float) -> bool:
        """Whether it does all that a ReLU does which clips at `top`."""
        inside = self.scale * self.top <= top * (1 + 1e-6)
        return bool(((self.zero == 0) & inside).all())


def with_codes(student: fx.GraphModule, integer: bool) -> fx.GraphModule:
    """A copy in which every quantizer is a call of `on_grid` or `from_codes`, on stored codes.

    With `integer` biases are 32-bit codes, and a ReLU that the grid after it does by itself is
    left out, so that a runtime can compute products with integers alone. Raises ExportError.
    """
    traced = copy.deepcopy(student).cpu()
    if integer:
        fold_channels(traced)
    grids = _grids(traced)
    if not integer:
        keep_rounded_biases(traced)
    calls = weighted_calls(traced)
    for call in calls:
        _store_bias(traced, call)
    for weight in {call.weight: None for call in calls}:
        _store_weight(traced, weight, integer)
    for node, grid in grids.items():
        _on_grid(traced, node, grid, integer)
    traced.graph.eliminate_dead_code()
    traced.delete_submodule("quantizers")
    traced.recompile()
    return traced


def _grids(traced: fx.GraphModule) -> dict[fx.Node, Grid]:
    """By the nodes of the quantizers of values, whose ranges stay from now on."""
    found = {}
    for node in traced.graph.find_nodes(op="call_module"):
        quantizer = traced.get_submodule(str(node.target))
        if isinstance(quantizer, ActivationQuantizer):
            quantizer.observing = False
            found[node] = Grid.of(quantizer)
    return found


def _store_weight(traced: fx.GraphModule, weight: fx.Node, integer: bool) -> None:
    """Codes in place of a quantized weight, for each way that it is quantized in."""
    for node in [user for user in weight.users if user.op == "call_module"]:
        quantizer = traced.get_submodule(str(node.target))
        if not isinstance(quantizer, WeightQuantizer):
            continue
        value = parameter(traced, weight).detach()
        with traced.graph.inserting_before(node):
            if quantizer.groups > 1:  # no axis has a scale for each channel
                new = _constant(traced, f"{_field(weight)}_rounded", quantizer(value).detach())
            else:
                new = _weight_codes(traced, weight, quantizer, value, integer)
        node.replace_all_uses_with(new)
        traced.graph.erase_node(node)


def _weight_codes(
    traced: fx.GraphModule,
    weight: fx.Node,
    quantizer: WeightQuantizer,
    value: Tensor,
    integer: bool,
) -> fx.Node:
    encoded, axis = quantizer.encode(value), quantizer.axis
    part = multiple(quantizer.bits) if integer else 1
    zeros = -_offset(encoded, quantizer.bits) * encoded.scale * part
    shape = [1] * value.dim()
    shape[axis] = -1
    codes = (encoded.codes * part).movedim(0, axis).contiguous()
    steps = 1 / (encoded.scale * part)
    if integer:
        away, zeros = (zeros - zeros.round()).abs().max(), zeros.round()
        outside = zeros.min() < 0 or zeros.max() > BYTE
        if away > WHOLE or outside or (quantizer.bits == 8 and (zeros != SIGN).any()):
            raise ExportError(
                f"{weight.target} has no zero points of bytes: compress again with this version"
            )
        signed = [(held.to(torch.int16) - SIGN).to(torch.int8) for held in (codes, zeros)]
        return _from_codes(traced, _field(weight), [signed[0], steps, signed[1]], axis)
    parts = [codes, steps, torch.zeros_like(zeros, dtype=torch.uint8)]
    new = _from_codes(traced, _field(weight), parts, axis)
    # Where values are no integers anyway, a shift is exact as a sum.
    offset = _constant(traced, f"{_field(weight)}_offset", (-zeros / encoded.scale).view(shape))
    return traced.graph.call_function(torch.ops.aten.add.Tensor, (new, offset))


def _offset(encoded: Encoded, bits: int) -> Tensor:
    """The value [out] that the code 0 stands for."""
    found = torch.zeros_like(encoded.scale) if encoded.shift is None else encoded.shift
    if encoded.zero is None:
        return found
    return found + (encoded.zero - 2 ** (bits - 1)) / encoded.scale


def _store_bias(traced: fx.GraphModule, call: WeightedCall) -> None:
    """32-bit codes in place of a bias that is rounded to whole steps."""
    node = call.bias
    if node is None or node.op != "call_module":
        return
    quantizer = cast(BiasQuantizer, traced.get_submodule(str(node.target)))
    bias, weight = node.all_input_nodes
    steps = quantizer.steps(parameter(traced, weight))
    codes = (parameter(traced, bias).detach() / steps).round().clamp(-(2**31), 2**31 - 1)
    parts = [codes.to(torch.int32), steps, torch.zeros(len(steps), dtype=torch.int32)]
    with traced.graph.inserting_before(node):
        new = _from_codes(traced, _field(bias), parts, 0)
    node.replace_all_uses_with(new)
    traced.graph.erase_node(node)


def _from_codes(traced: fx.GraphModule, name: str, parts: list[Tensor], axis: int) -> fx.Node:
    names = ("codes", "scale", "zero")
    reads = [_constant(traced, f"{name}_{n}", part) for n, part in zip(names, parts, strict=True)]
    return traced.graph.call_function(torch.ops.autorecon.from_codes.default, (*reads, axis))


def _field(node: fx.Node) -> str:
    return str(node.target).replace(".", "_")


def _on_grid(traced: fx.GraphModule, node: fx.Node, grid: Grid, integer: bool) -> None:
    (source,) = node.all_input_nodes
    top = top_of(source)
    if integer and top is not None and grid.cuts_off(top):
        # The grid cuts off all that the ReLU does.
        (source,) = source.all_input_nodes
    name, past = str(node.target).replace(".", "_"), grid.past
    call, add = traced.graph.call_function, torch.ops.aten.add.Tensor
    with traced.graph.inserting_before(node):
        scale = _constant(traced, f"{name}_scale", _flat(grid.scale))
        zero = _constant(traced, f"{name}_zero", _flat(grid.zero - past).to(torch.uint8))
        if past.any():
            shift = _constant(traced, f"{name}_shift", past * grid.scale)
            source = call(add, (source, shift))
        new = call(torch.ops.autorecon.on_grid.default, (source, scale, zero, grid.top))
        if past.any():
            new = call(torch.ops.aten.sub.Tensor, (new, shift))
    node.replace_all_uses_with(new)
    traced.graph.erase_node(node)


def _flat(parts: Tensor) -> Tensor:
    return parts.flatten() if parts.dim() else parts


def _constant(traced: fx.GraphModule, name: str, value: Tensor) -> fx.Node:
    traced.register_buffer(name, value)
    return traced.graph.get_attr(name)
