"""What of a student is stored: quantized weights as integers, all else that it reads as it is."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, fx

from autorecon.compress.quantization.calls import parameter, put_parameter
from autorecon.compress.quantization.folding import forget_unread, parameters_read
from autorecon.compress.quantization.layers import (
    BiasQuantizer,
    StoredWeight,
    WeightQuantizer,
)

Stored = dict[str, Tensor]


def stored_tensors(traced: fx.GraphModule) -> Stored:
    """All that a quantized graph computes with, by name, on the CPU: of its quantizers the state,
    with the integers of the weights among it; and parameters and buffers that anything else reads.
    """
    quantized = dict(_quantized(traced))
    found: Stored = {}
    for node in traced.graph.find_nodes(op="call_module"):
        part = quantized.get(node) or traced.get_submodule(str(node.target))
        state = part.state_dict(prefix=f"{node.target}.")
        found |= {name: value.detach().cpu().contiguous() for name, value in state.items()}
    state = traced.state_dict()
    plain = _read_as_they_are(traced) & state.keys()
    return found | {name: state[name].cpu().contiguous() for name in sorted(plain)}


def stored_bytes(traced: fx.GraphModule) -> int:
    """Bytes of these."""
    return sum(value.nbytes for value in stored_tensors(traced).values())


def store_weights(traced: fx.GraphModule) -> None:
    """Let the quantizers of a graph hold the integers of their weights, in place, and the weights
    be what these stand for."""
    for node, stored in list(_quantized(traced)):
        traced.set_submodule(str(node.target), stored)


def _quantized(traced: fx.GraphModule) -> Iterator[tuple[fx.Node, StoredWeight]]:
    for node in traced.graph.find_nodes(op="call_module"):
        quantizer = traced.get_submodule(str(node.target))
        if isinstance(quantizer, StoredWeight):
            yield node, quantizer
        elif isinstance(quantizer, WeightQuantizer):
            yield node, StoredWeight(quantizer, parameter(traced, node.all_input_nodes[0]).cpu())


def _read_as_they_are(traced: fx.GraphModule) -> set[str]:
    """Names of the tensors that anything but a weight's quantizer reads."""
    quantized = dict(_quantized(traced))
    asking = {node for node, _ in _biases(traced)}  # for the steps of a weight, not for its values
    return {
        str(node.target)
        for node in traced.graph.find_nodes(op="get_attr")
        if any(user not in quantized and _reads(user, node, asking) for user in node.users)
    }


def _reads(user: fx.Node, node: fx.Node, asking: set[fx.Node]) -> bool:
    return user not in asking or user.args[0] is node


def _biases(traced: fx.GraphModule) -> list[tuple[fx.Node, BiasQuantizer]]:
    nodes = traced.graph.find_nodes(op="call_module")
    parts = ((node, traced.get_submodule(str(node.target))) for node in nodes)
    return [(node, part) for node, part in parts if isinstance(part, BiasQuantizer)]


def keep_rounded_biases(traced: fx.GraphModule) -> None:
    """Round biases once, in place: they are parameters from then on."""
    for node, quantizer in _biases(traced):
        bias, weight = node.all_input_nodes
        name = str(bias.target)
        if len(bias.users) > 1:
            name = f"{name}_of_{str(weight.target).replace('.', '_')}"
        put_parameter(traced, name, quantizer(parameter(traced, bias), parameter(traced, weight)))
        with traced.graph.inserting_before(node):
            node.replace_all_uses_with(traced.graph.get_attr(name))
        traced.graph.erase_node(node)
        traced.delete_submodule(str(node.target))


def put_stored(traced: fx.GraphModule, values: Stored) -> None:
    """Put in tensors with the names, shapes and types of `stored_tensors`, in place; parameters
    that are only read quantized get the values that they are quantized to."""
    store_weights(traced)
    traced.load_state_dict(values, strict=False)
    plain = _read_as_they_are(traced)
    for node, stored in _quantized(traced):
        if str(node.all_input_nodes[0].target) not in plain:
            parameter(traced, node.all_input_nodes[0]).data = stored()


def keep_decoded(traced: fx.GraphModule) -> None:
    """Decode quantized weights once, in place: they are parameters from then on."""
    keep_rounded_biases(traced)
    plain = _read_as_they_are(traced)
    for node, stored in list(_quantized(traced)):
        weight = node.all_input_nodes[0]
        name = str(weight.target)
        if name in plain or len(weight.users) > 1:
            name = f"{name}_quantized_{stored.axis}"
        put_parameter(traced, name, stored())
        with traced.graph.inserting_before(node):
            node.replace_all_uses_with(traced.graph.get_attr(name))
        traced.graph.erase_node(node)
        traced.delete_submodule(str(node.target))
    forget_unread(traced)


def keep_packed(traced: fx.GraphModule) -> None:
    """Have quantized weights decoded whenever they are read, in place; their parameters go."""
    before = parameters_read(traced)
    keep_rounded_biases(traced)
    for node, _ in list(_quantized(traced)):
        node.args = ()
    forget_unread(traced, before)
