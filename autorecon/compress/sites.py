"""What a quantized model leaves in full precision, read off its graph.

Comparisons between methods founder on this, so every report carries the list.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator

import attrs
import torch
import torch.nn.functional as F
from torch import fx, nn

from autorecon.compress.layers import ActivationQuantizer, QuantizedConv2d, QuantizedLinear

SUMS = (operator.add, operator.iadd, torch.add, "add", "add_")
POOLS = (
    nn.AdaptiveAvgPool2d, nn.AvgPool2d, F.adaptive_avg_pool2d, F.avg_pool2d, torch.mean, "mean",
)  # fmt: skip
RELUS = (F.relu, F.relu6, F.relu_, torch.relu, torch.relu_, "relu", "relu_")
NORMS = (nn.BatchNorm2d, nn.BatchNorm1d, nn.GroupNorm, nn.LayerNorm, nn.InstanceNorm2d)


@attrs.frozen
class Site:
    """A place in the model, and its width: `bits` is None where it stays in full precision.

    `values` is the number of weights there, 0 for an activation.
    """

    name: str
    kind: str
    bits: int | None
    reason: str
    values: int = 0


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
    elif callee in POOLS or isinstance(callee, POOLS[:2]):
        yield Site(node.name, "pooled features", None, "averages of quantized values are off grid")
    elif isinstance(callee, nn.Module):
        yield from _module_sites(traced, node, callee)
    elif node.op == "get_attr":
        yield Site(str(node.target), "tensor", None, "used outside a Conv2d or Linear module")


def _module_sites(traced: fx.GraphModule, node: fx.Node, module: nn.Module) -> Iterator[Site]:
    name = str(node.target)
    if isinstance(module, ActivationQuantizer):
        return
    if isinstance(module, QuantizedConv2d | QuantizedLinear):
        if module.bias is not None:
            yield Site(f"{name}.bias", "bias", None, "added in full precision", module.bias.numel())
        return
    size = sum(t.numel() for t in module.state_dict().values() if t.is_floating_point())
    if isinstance(module, NORMS):
        reason = f"not folded into the convolution{_unfollowed(traced, node)}"
        yield Site(name, "norm", None, reason, size)
    elif size:
        yield Site(name, type(module).__name__, None, "no quantizer for this kind of layer", size)
    elif type(module).__module__ == "torch.nn.modules.activation" and not is_relu(module):
        yield Site(name, type(module).__name__, None, "only ReLU and ReLU6 are quantized")


def _unfollowed(traced: fx.GraphModule, node: fx.Node) -> str:
    followed = all(is_relu(callee_of(traced, user)) for user in node.users)
    return "" if followed else "; what it gives is not quantized, no ReLU follows"


def callee_of(traced: fx.GraphModule, node: fx.Node) -> object:
    """The module, function or method name that a node calls; None for other nodes."""
    if node.op == "call_module":
        return traced.get_submodule(str(node.target))
    return node.target if node.op in ("call_function", "call_method") else None


def is_relu(callee: object) -> bool:
    """Whether this is ReLU or ReLU6 as a module, a function or the name of a method."""
    if isinstance(callee, nn.Module):
        return isinstance(callee, nn.ReLU | nn.ReLU6)
    return callee in RELUS
