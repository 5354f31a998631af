"""What the calls of a captured graph are, by the names that ATen gives them.

The lists decide what is quantized, what a report tells of the rest, and how moments pass through.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import torch
from torch import fx
from torch._ops import OpOverload

LIBRARY = Path(torch.__file__).parent
"""Where the code is that is not a model's own."""

CONVOLUTIONS = {"conv1d", "conv2d", "conv3d", "convolution"}
TRANSPOSED = {"conv_transpose1d", "conv_transpose2d", "conv_transpose3d"}
MATRICES = {"matmul", "mm", "bmm", "addmm", "baddbmm", "mv"}
EINSUM = "einsum"
ATTENTION = {"scaled_dot_product_attention"}

# GDFQ's networks have ReLU and ReLU6 alone; the others stand in the same places of later ones.
RECTIFIERS = {
    "relu", "relu6", "hardswish", "silu", "gelu", "leaky_relu", "rrelu", "elu", "celu", "selu",
    "mish", "prelu", "_prelu_kernel", "threshold", "softplus", "hardshrink", "softshrink",
}  # fmt: skip
# As gates they give factors of other values, elsewhere they stand where a rectifier would.
SIGMOIDS = {"sigmoid", "hardsigmoid", "tanh", "log_sigmoid"}

SUMS = {"add", "sub", "rsub"}
PRODUCTS = {"mul", "div"}
JOINS = {"cat", "concat", "concatenate", "stack"}
POOLS = {
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "avg_pool1d",
    "avg_pool2d", "avg_pool3d", "mean",
}  # fmt: skip
NORMS = {
    "batch_norm", "instance_norm", "group_norm", "layer_norm", "rms_norm", "local_response_norm",
}  # fmt: skip
# They give values of their input as they are, so that a grid stays one.
MOVEMENTS = {
    "view", "reshape", "_unsafe_view", "flatten", "unflatten", "squeeze", "unsqueeze", "permute",
    "transpose", "t", "numpy_T", "contiguous", "clone", "alias", "detach", "expand", "expand_as",
    "repeat", "select", "slice", "index", "index_select", "narrow", "chunk", "split",
    "split_with_sizes", "unbind", "roll", "flip", "gather", "channel_shuffle", "pixel_shuffle",
    "pixel_unshuffle", "max_pool1d", "max_pool2d", "max_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool2d", "max_pool2d_with_indices", "amax", "pad", "constant_pad_nd",
    "upsample_nearest2d", "lift_fresh_copy", "to", "_to_copy", "type_as", "movedim", "view_as",
    "native_channel_shuffle", "reflection_pad2d", "replication_pad2d", "unfold", "im2col",
}  # fmt: skip
# Of a value's shape, not of the value.
SHAPES = {"sym_size", "sym_numel", "sym_stride", "arange", "zeros", "ones", "full", "empty"}


def operation(node: fx.Node) -> str:
    """The name of the ATen operation that a node calls, without its overload; "" for all else."""
    if node.op != "call_function" or not isinstance(node.target, OpOverload):
        return ""
    return node.target.overloadpacket.__name__


def written_at(node: fx.Node) -> str:
    """The file and line of a model's own code that a call comes from; "" if that is not known."""
    lines = node.meta.get("stack_trace", "").splitlines()
    places = [i for i, line in enumerate(lines) if line.lstrip().startswith("File ")]
    own = [i for i in places if f'"{LIBRARY}{os.sep}' not in lines[i]]
    return " ".join(line.strip() for line in lines[own[-1] : own[-1] + 2]) if own else ""


def is_rectifier(node: fx.Node) -> bool:
    """Whether a node is an activation, in whatever form it was written, and not a gate."""
    name = operation(node)
    if name in RECTIFIERS:
        return True
    if name in ("hardtanh", "clamp", "clamp_min"):
        # A bound above 0 keeps a divisor from it, as that of F.normalize does.
        return -math.inf < bounds(node)[0] <= 0 and _float(node)
    if name in SIGMOIDS:
        return not any(operation(user) in PRODUCTS for user in node.users)
    return is_swish(node)


def is_swish(node: fx.Node) -> bool:
    """Whether it is x * sigmoid(x), written out."""
    if operation(node) != "mul" or len(node.all_input_nodes) != 2:
        return False
    first, second = node.all_input_nodes
    return _gated(first, second) or _gated(second, first)


def _gated(value: fx.Node, gate: fx.Node) -> bool:
    return operation(gate) == "sigmoid" and gate.args[0] is value


def bounds(node: fx.Node) -> tuple[float, float]:
    """Where a ReLU, ReLU6, hardtanh or clamp cuts its values off; infinite where it does not."""
    name = operation(node)
    if name == "relu":
        return 0.0, math.inf
    if name == "relu6":
        return 0.0, 6.0
    default = (-1.0, 1.0) if name == "hardtanh" else (None, None)
    given = [*node.args[1:3], *default[len(node.args) - 1 :]]
    names = ("min_val", "max_val") if name == "hardtanh" else ("min", "max")
    low, high = (node.kwargs.get(key, value) for key, value in zip(names, given, strict=True))
    ends = (low, -math.inf), (high, math.inf)
    return tuple(  # type: ignore[return-value]
        float(end) if isinstance(end, int | float) else far for end, far in ends
    )


def top_of(node: fx.Node) -> float | None:
    """Where an activation that is 0 below 0 and linear above cuts off; None for all others."""
    if operation(node) not in ("relu", "relu6", "hardtanh", "clamp", "clamp_min"):
        return None
    low, high = bounds(node)
    return high if low == 0 else None


def _float(node: fx.Node) -> bool:
    value = node.meta.get("val")
    return value is None or bool(getattr(value, "is_floating_point", bool)())
