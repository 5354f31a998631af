"""The calls of a captured graph that multiply values with weights, wherever they are written."""

from __future__ import annotations

import math
import operator
from typing import Any, cast

import attrs
from torch import Tensor, fx, nn

from autorecon.compress.quantization.operations import (
    ATTENTION,
    CONVOLUTIONS,
    EINSUM,
    MATRICES,
    MOVEMENTS,
    TRANSPOSED,
    operation,
)
from autorecon.compress.quantization.verify import IMAGES

_TURNS = {"t", "numpy_T", "transpose", "permute"}


@attrs.frozen(eq=False)
class WeightedCall:
    """A convolution, linear layer or product of matrices with a weight.

    `weight` is the node that reads the parameter, and `axis` the parameter's dimension of output
    channels; a transposed convolution of several `groups` has a share of them in each. `source`
    is the node of the values, `bias` that of the bias.
    """

    node: fx.Node
    weight: fx.Node
    source: fx.Node
    bias: fx.Node | None
    axis: int
    groups: int = 1

    @property
    def layer(self) -> str:
        """The name of the layer, as its model has it: that of the weight without `.weight`."""
        return str(self.weight.target).removesuffix(".weight")

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image."""
        shape = self.weight.meta["shape"]
        if operation(self.node) == EINSUM:
            return _einsum_macs(self.node)
        if is_transposed(self.node):
            return _per_image(self.source) * math.prod(shape[1:])
        return _per_image(self.node) * math.prod(shape) // shape[self.axis]


def weighted_calls(traced: fx.GraphModule) -> list[WeightedCall]:
    """All of them, in the order of the graph."""
    return [call for node in traced.graph.nodes if (call := _weighted(node))]


def parameter(traced: fx.GraphModule, node: fx.Node) -> Tensor:
    """The parameter or buffer that a node reads."""
    value: Tensor = operator.attrgetter(str(node.target))(traced)
    return value


def put_parameter(traced: fx.GraphModule, name: str, value: Tensor) -> None:
    """Set or replace a parameter by its whole name."""
    path, _, field = name.rpartition(".")
    owner = traced.get_submodule(path)
    vars(owner).pop(field, None)
    setattr(owner, field, nn.Parameter(value.detach().clone()))


def unweighted_macs(traced: fx.GraphModule) -> dict[fx.Node, int]:
    """Multiply-accumulates for one image of products of values with each other, as attention has
    them."""
    weighted = {call.node for call in weighted_calls(traced)}
    found = {}
    for node in traced.graph.nodes:
        if node in weighted or "shape" not in node.meta:
            continue
        if operation(node) in MATRICES | CONVOLUTIONS | TRANSPOSED | {"linear"}:
            factor = argument(node, int(operation(node) in ("addmm", "baddbmm")), "")
            found[node] = _per_image(node) * factor.meta["shape"][-1]
        elif operation(node) == EINSUM:
            found[node] = _einsum_macs(node)
        elif operation(node) in ATTENTION:
            query, key, value = (part.meta["shape"] for part in node.all_input_nodes[:3])
            rows = math.prod(query[:-1]) // IMAGES
            found[node] = rows * key[-2] * (query[-1] + value[-1])
    return found


def _weighted(node: fx.Node) -> WeightedCall | None:
    name, args = operation(node), cast(tuple[Any, ...], node.args)
    if name in CONVOLUTIONS | TRANSPOSED | {"linear"}:
        source, (weight, turns) = args[0], constant(args[1])
        if weight is None or turns:
            return None
        turned = is_transposed(node)
        groups = groups_of(node) if turned else 1
        return WeightedCall(node, weight, source, bias_of(node), int(turned), groups)
    if name in MATRICES - {"mv"}:
        return _product(node, *(args[1:] if name in ("addmm", "baddbmm") else args))
    return _einsum(node) if name == EINSUM else None


def is_transposed(node: fx.Node) -> bool:
    """Whether a call is a transposed convolution."""
    name = operation(node)
    return name in TRANSPOSED or (name == "convolution" and bool(node.args[6]))


def groups_of(node: fx.Node) -> int:
    """The groups of a convolution's channels."""
    index = 8 if operation(node) == "convolution" else 6
    return int(argument(node, index, "groups") or 1)


def bias_of(node: fx.Node) -> fx.Node | None:
    """The node of the bias that a call adds."""
    with_bias = operation(node) in ("addmm", "baddbmm")
    found: fx.Node | None = argument(node, 0, "input") if with_bias else argument(node, 2, "bias")
    return found


def _product(node: fx.Node, left: fx.Node, right: fx.Node, *_: object) -> WeightedCall | None:
    for weight, source, axis in ((right, left, -1), (left, right, -2)):
        found, turns = constant(weight)
        if found is None or len(found.meta["shape"]) < 2 or constant(source)[0] is not None:
            continue
        axes = list(range(len(found.meta["shape"])))
        for turn in turns:
            axes = _turned(turn, axes)
        return WeightedCall(node, found, source, bias_of(node), axes[axis])
    return None


def _einsum(node: fx.Node) -> WeightedCall | None:
    """`torch.einsum` of values and a weight, where it sums over something of the weight."""
    operands, result = einsum_letters(node)
    parts = node.all_input_nodes
    if len(operands) != 2 or len(parts) != 2:
        return None
    for weight, source in ((1, 0), (0, 1)):
        read, turns = constant(parts[weight])
        own = set(operands[weight]) & set(result) - set(operands[source])
        summed = set(operands[weight]) - set(result)
        if read is None or turns or "." in operands[weight] or not own or not summed:
            continue
        if constant(parts[source])[0]:
            return None
        # Of several, that with the most channels, each of which gets a range.
        axes = [operands[weight].index(letter) for letter in own]
        axis = max(axes, key=lambda axis: (read.meta["shape"][axis], -axis))
        return WeightedCall(node, read, parts[source], None, axis)
    return None


def einsum_letters(node: fx.Node) -> tuple[list[str], str]:
    """The axes of what an einsum takes and gives, as its equation names them, an ellipsis too."""
    left, arrow, right = str(node.args[0]).replace(" ", "").partition("->")
    once = "".join(sorted(x for x in set(left) - {",", "."} if left.count(x) == 1))
    return left.split(","), right if arrow else f"...{once}"


def _einsum_macs(node: fx.Node) -> int:
    """For one image, as if all that is summed were summed at once."""
    operands, result = einsum_letters(node)
    sizes: dict[str, int] = {}
    for letters, part in zip(operands, cast(Any, node.args[1]), strict=True):
        head, _, tail = letters.partition("...")
        sizes |= zip(head, part.meta["shape"], strict=False)
        sizes |= zip(reversed(tail), reversed(part.meta["shape"]), strict=False)
    summed = set("".join(operands)) - set(result) - {"."}
    return _per_image(node) * math.prod(sizes[letter] for letter in summed)


def constant(node: Any) -> tuple[fx.Node | None, list[fx.Node]]:
    """The node that reads the parameter which a value is, quantized or not, and the turns of its
    axes on the way, first to last; None for a value that is more than that."""
    turns: list[fx.Node] = []
    while isinstance(node, fx.Node) and (operation(node) in _TURNS or node.op == "call_module"):
        turns = [node, *turns] if node.op == "call_function" else turns
        node = node.args[0]
    found = isinstance(node, fx.Node) and node.op == "get_attr"
    return (node if found else None), turns


def moved_from(node: fx.Node) -> fx.Node:
    """Where values come from that were moved about at most."""
    while operation(node) in MOVEMENTS:
        node = node.all_input_nodes[0]
    return node


def _turned(turn: fx.Node, axes: list[int]) -> list[int]:
    name, args = operation(turn), cast(tuple[Any, ...], turn.args)
    if name == "permute":
        return [axes[i] for i in args[1]]
    first, second = args[1:3] if name == "transpose" else (0, -1)
    axes = list(axes)
    axes[first], axes[second] = axes[second], axes[first]
    return axes


def argument(node: fx.Node, index: int, name: str) -> Any:
    """An argument of a call, by its place or its name; None where it is left to the operation."""
    return node.args[index] if len(node.args) > index else node.kwargs.get(name)


def _per_image(node: fx.Node) -> int:
    return math.prod(node.meta["shape"]) // IMAGES
