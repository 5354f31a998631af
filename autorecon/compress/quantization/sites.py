"""What a quantized model leaves in full precision, read off its graph.

Comparisons between methods founder on this, so every report carries the list.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import fx

from autorecon.compress.quantization.calls import parameter, weighted_calls
from autorecon.compress.quantization.operations import (
    ATTENTION,
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
    is_rectifier,
    operation,
)
from autorecon.records.results import Site

KINDS = (
    (SUMS, "sum", "added in full precision"),
    (PRODUCTS, "product", "multiplied in full precision"),
    (JOINS, "concatenation", "joined as they come, each with its own grid"),
    (POOLS, "pooled features", "averages of quantized values are off grid"),
    (NORMS, "norm", "not folded into the convolution"),
    (MATRICES | ATTENTION | {EINSUM}, "product of values", "no weight takes part in it"),
    (SIGMOIDS | {"softmax", "_softmax", "log_softmax"}, "gate", "its values are factors of others"),
)


def unquantized_sites(traced: fx.GraphModule) -> list[Site]:
    """Everything of the traced model that no quantizer touches, in the order of the graph."""
    calls = {call.node: call for call in weighted_calls(traced)}
    found: list[Site] = []
    for node in traced.graph.nodes:
        call = calls.get(node)
        if node.op == "placeholder":
            found.append(Site("image", "input", None, "the image enters as it is"))
        elif call and call.bias is not None and call.bias.op == "get_attr":
            values = parameter(traced, call.bias).numel()
            found.append(
                Site(str(call.bias.target), "bias", None, "added in full precision", values)
            )
        elif call is None and operation(node):
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
