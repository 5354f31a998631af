"""A student's grids as operations that runtimes know: levels in 8 bits, scales, zero points.

A value x is (code - zero) * scale for a code of 0 to `top`. Levels of fewer than 8 bits stay in
bytes, and what lies above `top` is cut off.
"""

from __future__ import annotations

import copy
from typing import cast

import attrs
import torch
from torch import Tensor, fx

from autorecon.compress.quantization.calls import parameter, weighted_calls
from autorecon.compress.quantization.layers import ActivationQuantizer, WeightQuantizer
from autorecon.compress.quantization.operations import top_of
from autorecon.compress.quantization.rounding import multiple
from autorecon.export.errors import ExportError

BYTE = 255
WHOLE = 1e-2
"""How far a zero point may be from a whole number, which rounding alone brings about."""


@torch.library.custom_op("autorecon::on_grid", mutates_args=())
def on_grid(x: Tensor, scale: Tensor, zero: Tensor, top: int) -> Tensor:
    """x on the grid of codes 0 .. top; `scale` and the byte `zero` are scalars."""
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
    """Of values: `scale`, the whole `zero` and the greatest code."""

    scale: float
    zero: int
    top: int

    @classmethod
    def of(cls, quantizer: ActivationQuantizer) -> Grid:
        top = 2**quantizer.bits - 1
        scale = top / (quantizer.high - quantizer.low).clamp_min(1e-8)
        zero = -int(torch.round(scale * quantizer.low))
        return cls(float(1 / scale), zero, top)

    @property
    def fits(self) -> bool:
        """Whether the zero point is a byte."""
        return 0 <= self.zero <= BYTE


def with_codes(student: fx.GraphModule, integer: bool) -> fx.GraphModule:
    """A copy in which every quantizer is a call of `on_grid` or `from_codes`, on stored codes.

    With `integer` biases are 32-bit codes, and a ReLU that the grid after it does by itself is
    left out, so that a runtime can compute products with integers alone. Raises ExportError.
    """
    traced = copy.deepcopy(student).cpu()
    grids = _grids(traced)
    calls = weighted_calls(traced)
    scales = {call.weight: _store_weight(traced, call.weight, integer) for call in calls}
    if integer:
        for call in calls:
            grid, scale = grids.get(call.source), scales[call.weight]
            if call.bias is not None and grid is not None and scale is not None:
                _store_bias(traced, call.node, call.bias, scale * grid.scale)
    for node, grid in grids.items():
        _on_grid(traced, node, grid, integer)
    traced.graph.eliminate_dead_code()
    traced.delete_submodule("quantizers")
    traced.recompile()
    return traced


def _grids(traced: fx.GraphModule) -> dict[fx.Node, Grid]:
    """By the nodes of the quantizers of values, those that fit."""
    found = {}
    for node in traced.graph.find_nodes(op="call_module"):
        quantizer = traced.get_submodule(str(node.target))
        if isinstance(quantizer, ActivationQuantizer):
            quantizer.observing = False
            found[node] = Grid.of(quantizer)
    return found


def _store_weight(traced: fx.GraphModule, weight: fx.Node, integer: bool) -> Tensor | None:
    """Codes in place of a quantized weight; gives the scales [out] of its codes."""
    placed = [u for u in weight.users if u.op == "call_module"]
    for node in placed:
        quantizer = cast(WeightQuantizer, traced.get_submodule(str(node.target)))
        if quantizer.groups > 1:
            return None
        value = parameter(traced, weight).detach()
        levels = quantizer.levels(value).movedim(0, quantizer.axis)
        rows, found = (quantizer.rows(x).flatten(1) for x in (levels, quantizer(value).detach()))
        scale = _slope(rows, found)
        offset = (found - rows * scale[:, None]).mean(1)
        part = multiple(quantizer.bits) if integer else 1
        zeros = torch.round(-offset / scale * part) if integer else torch.zeros_like(offset)
        codes = (levels * part).to(torch.uint8)
        name = str(weight.target).replace(".", "_")
        away = (zeros + offset / scale * part).abs().max()
        if integer and (away > WHOLE or zeros.min() < 0 or zeros.max() > BYTE):
            raise ExportError(f"{weight.target} has zero points that are no bytes")
        parts = [codes, scale / part, zeros.to(torch.uint8)]
        with traced.graph.inserting_before(node):
            reads = [
                _constant(traced, f"{name}_{k}", v) for k, v in zip(_PARTS, parts, strict=True)
            ]
            new = traced.graph.call_function(
                torch.ops.autorecon.from_codes.default, (*reads, quantizer.axis)
            )
            if not integer:
                shape = [1] * codes.dim()
                shape[quantizer.axis] = -1
                shift = _constant(traced, f"{name}_offset", offset.view(shape))
                new = traced.graph.call_function(torch.ops.aten.add.Tensor, (new, shift))
        node.replace_all_uses_with(new)
        traced.graph.erase_node(node)
        return scale / part
    return None


_PARTS = ("codes", "scale", "zero")


def _slope(levels: Tensor, values: Tensor) -> Tensor:
    """The step [out] between the values of successive levels [out, ...]; 1 where all are alike."""
    low, high = levels.argmin(1, keepdim=True), levels.argmax(1, keepdim=True)
    rise = (values.gather(1, high) - values.gather(1, low)).squeeze(1)
    run = (levels.gather(1, high) - levels.gather(1, low)).squeeze(1)
    return torch.where(run > 0, rise / run.clamp_min(1), torch.ones(()))


def _store_bias(traced: fx.GraphModule, node: fx.Node, bias: fx.Node, scale: Tensor) -> None:
    """32-bit codes, of the scale that products of codes have."""
    codes = (parameter(traced, bias).detach() / scale).round().clamp(-(2**31), 2**31 - 1)
    name = str(bias.target).replace(".", "_")
    zeros = torch.zeros(len(scale), dtype=torch.int32)
    with traced.graph.inserting_before(node):
        parts = [codes.to(torch.int32), scale, zeros]
        reads = [_constant(traced, f"{name}_{k}", v) for k, v in zip(_PARTS, parts, strict=True)]
        new = traced.graph.call_function(torch.ops.autorecon.from_codes.default, (*reads, 0))
    node.replace_input_with(bias, new)


def _on_grid(traced: fx.GraphModule, node: fx.Node, grid: Grid, integer: bool) -> None:
    (source,) = node.all_input_nodes
    if not grid.fits:
        raise ExportError(
            f"the values after {source.meta['label']} lie from {-grid.zero * grid.scale:.3g} on: "
            "integers of 8 bits need a range that has zero in it; compress with --scheme integer"
        )
    top = top_of(source)
    if integer and grid.zero == 0 and top is not None and grid.top * grid.scale <= top * (1 + 1e-6):
        # The grid cuts off all that the ReLU does.
        (source,) = source.all_input_nodes
    name = str(node.target).replace(".", "_")
    with traced.graph.inserting_before(node):
        scale = _constant(traced, f"{name}_scale", torch.tensor(grid.scale))
        zero = _constant(traced, f"{name}_zero", torch.tensor(grid.zero, dtype=torch.uint8))
        new = traced.graph.call_function(
            torch.ops.autorecon.on_grid.default, (source, scale, zero, grid.top)
        )
    node.replace_all_uses_with(new)
    traced.graph.erase_node(node)


def _constant(traced: fx.GraphModule, name: str, value: Tensor) -> fx.Node:
    traced.register_buffer(name, value)
    return traced.graph.get_attr(name)
