"""What a quantized model leaves in full precision, read off its graph.

Comparisons between methods founder on this, so every report carries the list.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from autorecon.compress.layers import ActivationQuantizer, QuantizedConv2d, QuantizedLinear
from autorecon.records.results import Site

SUMS = (operator.add, operator.iadd, torch.add, "add", "add_")
PRODUCTS = (operator.mul, operator.imul, torch.mul, "mul", "mul_")
JOINS = (torch.cat, torch.concat, torch.concatenate, torch.stack)
POOLS = (
    nn.AdaptiveAvgPool2d, nn.AvgPool2d, F.adaptive_avg_pool2d, F.avg_pool2d, torch.mean, "mean",
)  # fmt: skip
# GDFQ's networks have ReLU and ReLU6 alone; the others stand in the same places of later ones.
RECTIFIERS = (nn.ReLU, nn.ReLU6, nn.Hardswish, nn.SiLU)
RECTIFYING = (
    F.relu, F.relu6, F.relu_, torch.relu, torch.relu_, "relu", "relu_", F.hardswish, F.silu,
)  # fmt: skip
# Most of these are gates, whose values are factors of others; the rest are not in GDFQ's rule.
OTHER_ACTIVATIONS = (
    F.sigmoid, torch.sigmoid, "sigmoid", F.hardsigmoid, F.tanh, torch.tanh, "tanh", F.softmax,
    torch.softmax, "softmax", F.gelu, F.leaky_relu, F.elu, F.selu, F.celu, F.prelu, torch.prelu,
    F.mish, F.softplus, F.hardtanh,
)  # fmt: skip
UNQUANTIZED = "only ReLU, ReLU6, Hardswish and SiLU are quantized"
NORMS = (nn.BatchNorm2d, nn.BatchNorm1d, nn.GroupNorm, nn.LayerNorm, nn.InstanceNorm2d)


def unquantized_sites(traced: fx.GraphModule) -> list[Site]:
    """Everything of the traced model that no quantizer touches, in the order of the graph."""
    sites = [site for node in traced.graph.nodes for site in _left_alone(traced, node)]
    return list(dict.fromkeys(sites))


def _left_alone(traced: fx.GraphModule, node: fx.Node) -> Iterator[Site]:
    callee = callee_of(traced, node)
    if node.op == "placeholder":
        yield Site(node.name, "input", None, "the image enters as it is")
    elif callee in SUMS:
        yield Site(node.name, "sum", None, f"added in full precision{_unfollowed(traced, node)}")
    elif callee in PRODUCTS:
        yield Site(node.name, "product", None, "multiplied in full precision")
    elif callee in JOINS:
        yield Site(node.name, "concatenation", None, "joined as they come, each with its own grid")
    elif callee in POOLS or isinstance(callee, POOLS[:2]):
        yield Site(node.name, "pooled features", None, "averages of quantized values are off grid")
    elif callee in OTHER_ACTIVATIONS:
        yield Site(node.name, "activation", None, UNQUANTIZED)
    elif isinstance(callee, nn.Module):
        yield from _module_sites(traced, node, callee)
    elif node.op == "get_attr":
        name = str(node.target)
        values = operator.attrgetter(name)(traced)
        yield Site(name, "tensor", None, "used outside a Conv2d or Linear module", _size([values]))


def _module_sites(traced: fx.GraphModule, node: fx.Node, module: nn.Module) -> Iterator[Site]:
    name = str(node.target)
    if isinstance(module, ActivationQuantizer):
        return
    if isinstance(module, QuantizedConv2d | QuantizedLinear):
        if module.bias is not None:
            yield Site(f"{name}.bias", "bias", None, "added in full precision", module.bias.numel())
        return
    size = _size(module.state_dict().values())
    if isinstance(module, NORMS):
        reason = f"not folded into the convolution{_unfollowed(traced, node)}"
        yield Site(name, "norm", None, reason, size)
    elif size:
        yield Site(name, type(module).__name__, None, "no quantizer for this kind of layer", size)
    elif type(module).__module__ == "torch.nn.modules.activation" and not is_rectifier(module):
        yield Site(name, type(module).__name__, None, UNQUANTIZED)


def _size(values: Iterable[Tensor]) -> int:
    return sum(value.numel() for value in values if value.is_floating_point())


def _unfollowed(traced: fx.GraphModule, node: fx.Node) -> str:
    followed = all(is_rectifier(callee_of(traced, user)) for user in node.users)
    return "" if followed else "; what it gives is not quantized, no activation follows"


def callee_of(traced: fx.GraphModule, node: fx.Node) -> object:
    """The module, function or method name that a node calls; None for other nodes."""
    if node.op == "call_module":
        return traced.get_submodule(str(node.target))
    return node.target if node.op in ("call_function", "call_method") else None


def is_rectifier(callee: object) -> bool:
    """Whether this is an activation that is quantized, as a module, function or method's name."""
    if isinstance(callee, nn.Module):
        return isinstance(callee, RECTIFIERS)
    return callee in RECTIFYING
