"""What a quantized model leaves in full precision, read off its graph.

Comparisons between methods founder on this, so every report carries the list.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import fx

from autorecon.compress.quantization.calls import constant, parameter, weighted_calls
from autorecon.compress.quantization.operations import (
    ATTENTION,
    CONVOLUTIONS,
    EINSUM,
    JOINS,
    MATRICES,
    MOVEMENTS,
    NORMS,
    POOLS,
    PRODUCTS,
    SHAPES,
    SIGMOIDS,
    SUMS,
    TRANSPOSED,
    is_rectifier,
    operation,
)
from autorecon.records.results import Site

WEIGHTED = CONVOLUTIONS | TRANSPOSED | {"linear"}
KINDS = (
    (SUMS, "sum", "added in full precision"),
    (PRODUCTS, "product", "multiplied in full precision"),
    (JOINS, "concatenation", "joined as they come, each with its own grid"),
    (POOLS, "pooled features", "averages of quantized values are off grid"),
    (NORMS, "norm", "not folded into the convolution"),
    (MATRICES | ATTENTION | {EINSUM}, "product of values", "no weight takes part in it"),
    (SIGMOIDS | {"softmax", "_softmax", "log_softmax"}, "gate", "its values are factors of others"),
)


def kind_of(node: fx.Node) -> str:
    """What a report calls a value: by what gives it."""
    if node.op == "placeholder":
        return "input"
    found = (kind for names, kind, _ in KINDS if operation(node) in names)
    return next(found, "output of a layer" if operation(node) in WEIGHTED else operation(node))


def unquantized_sites(traced: fx.GraphModule, integer: bool = False) -> list[Site]:
    """Everything of the traced model that no quantizer touches, in the order of the graph.

    With `integer` biases and sums before a ReLU are a part of what the grid after them holds.
    """
    calls = {call.node: call for call in weighted_calls(traced)}
    found: list[Site] = []
    for node in traced.graph.nodes:
        call = calls.get(node)
        if call and (bias := constant(call.bias)[0]) is not None:
            values = parameter(traced, bias).numel()
            reason = "whole steps, of 32 bits" if integer else "added in full precision"
            found.append(Site(str(bias.target), "bias", None, reason, values))
        elif any(user.op == "call_module" for user in node.users):
            continue
        elif node.op == "placeholder":
            found.append(Site("image", "input", None, "the image enters as it is"))
        elif call is None and operation(node) and not (integer and operation(node) in SUMS):
            found += _call(traced, node)
    return list(dict.fromkeys(found))


def _call(traced: fx.GraphModule, node: fx.Node) -> Iterator[Site]:
    name, inputs = operation(node), node.all_input_nodes
    held = [part for part in inputs if part.op == "get_attr"]
    values = sum(parameter(traced, part).numel() for part in held)
    if name not in NORMS:
        yield from (_tensor(traced, part) for part in held if _is_float(traced, part))
        values = 0
    if name in MOVEMENTS | SHAPES or "shape" not in node.meta or len(held) == len(inputs):
        return
    if is_rectifier(node):
        return
    label = node.meta["label"]
    for names, kind, reason in KINDS:
        if name in names:
            if kind in ("sum", "norm") and not all(map(is_rectifier, node.users)):
                reason += "; what it gives is not quantized, no activation follows"
            yield Site(label, kind, None, reason, values)
            return
    yield Site(label, name, None, "computed in full precision")


def _tensor(traced: fx.GraphModule, node: fx.Node) -> Site:
    values = parameter(traced, node).numel()
    return Site(str(node.target), "tensor", None, "no weight of a product", values)


def _is_float(traced: fx.GraphModule, node: fx.Node) -> bool:
    return parameter(traced, node).is_floating_point()
