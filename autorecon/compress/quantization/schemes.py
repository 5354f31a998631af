"""Where values are quantized: as papers compare, or so that a machine computes with integers."""

from __future__ import annotations

from torch import fx

from autorecon.compress.quantization.calls import weighted_calls
from autorecon.compress.quantization.operations import (
    MOVEMENTS,
    SHAPES,
    is_rectifier,
    operation,
    top_of,
)

OUTER_BITS = 8
"""Width of images and answers in the `integer` scheme, whatever the others have."""


def quantized_values(traced: fx.GraphModule, scheme: str) -> list[fx.Node]:
    """The nodes whose values are put on a grid, in the order of the graph."""
    if scheme == "gdfq":
        return [node for node in traced.graph.nodes if is_rectifier(node)]
    fused = {call.node for call in weighted_calls(traced)}
    found = []
    for node in traced.graph.nodes:
        if node.op == "placeholder" or (_computes(node) and not _is_cut_off_after(node, fused)):
            found.append(node)
    return found


def _computes(node: fx.Node) -> bool:
    """Whether it gives new values, of values and not of parameters alone."""
    name = operation(node)
    if not name or name in MOVEMENTS | SHAPES or "shape" not in node.meta:
        return False
    return any(part.op != "get_attr" for part in node.all_input_nodes)


def _is_cut_off_after(node: fx.Node, products: set[fx.Node]) -> bool:
    """Whether a product or sum goes into a ReLU, or one that clips, and nowhere else: the grid
    after that one cuts it off by itself."""
    if node not in products and operation(node) not in ("add", "sub"):
        return False
    return len(node.users) == 1 and all(top_of(user) is not None for user in node.users)
