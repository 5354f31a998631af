"""Weights that are computed from parameters become parameters."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, fx

from autorecon.compress.quantization.calls import bias_of, constant, parameter, put_parameter
from autorecon.compress.quantization.operations import (
    CONVOLUTIONS,
    EINSUM,
    MATRICES,
    TRANSPOSED,
    operation,
)


@torch.no_grad()
def fold_weights(traced: fx.GraphModule) -> None:
    """Compute once, in place, the weights that weight_norm, spectral_norm, pruning, standardised
    convolutions and their like compute at every call; in eval mode they are always the same.
    """
    for node in list(traced.graph.nodes):
        if operation(node) not in CONVOLUTIONS | TRANSPOSED | MATRICES | {"linear", EINSUM}:
            continue
        if _origin(node):  # a part of such a weight itself
            continue
        for argument in set(node.all_input_nodes) - {bias_of(node)}:
            origin = _origin(argument)
            if origin and constant(argument)[0] is None:
                _fold(traced, argument, origin)
    forget_unread(traced)


def _origin(node: fx.Node) -> set[fx.Node]:
    """All nodes that a value is computed by; none if there is more among them than parameters."""
    found, waiting = {node}, [node]
    while waiting:
        current = waiting.pop()
        inputs = current.all_input_nodes
        if current.op != "get_attr" and (current.op != "call_function" or not inputs):
            return set()
        waiting += set(inputs) - found
        found |= set(inputs)
    return found


def _fold(traced: fx.GraphModule, node: fx.Node, origin: set[fx.Node]) -> None:
    value = _computed(traced, node)
    reads = {str(part.target): part for part in origin if part.op == "get_attr"}
    name = _weight_name(list(reads))
    if name in reads and not set(reads[name].users) <= origin:
        name += "_folded"
    put_parameter(traced, name, value)
    with traced.graph.inserting_before(node):
        reading = traced.graph.get_attr(name)
    node.replace_all_uses_with(reading)


def _computed(traced: fx.GraphModule, node: fx.Node) -> Tensor:
    if node.op == "get_attr":
        return parameter(traced, node)
    given: Any = fx.map_arg((node.args, node.kwargs), lambda part: _computed(traced, part))
    found: Tensor = cast(Any, node.target)(*given[0], **given[1])
    return found


def _weight_name(parts: list[str]) -> str:
    """`conv.weight` of itself, of `conv.weight_g` and `conv.weight_v`, and of what
    parametrizations keep."""
    plain = sorted(part for part in parts if part.endswith(".weight"))
    if plain:
        return plain[0]
    path, _, field = min(parts).rpartition(".")
    owner, is_kept, rest = path.partition("parametrizations.")
    if is_kept:
        return owner + rest.partition(".")[0]
    return f"{path}.{field.partition('_')[0]}" if field.startswith("weight_") else min(parts)


def forget_unread(traced: fx.GraphModule, before: set[str] | None = None) -> None:
    """Drop calls whose results nothing reads, and the parameters that they alone read, or that
    were read `before`; what nothing ever read stays."""
    before = parameters_read(traced) if before is None else before
    traced.graph.eliminate_dead_code()
    for name in before - parameters_read(traced):
        path, _, field = name.rpartition(".")
        delattr(traced.get_submodule(path), field)
    traced.recompile()


def parameters_read(traced: fx.GraphModule) -> set[str]:
    """Names of the parameters and buffers that a graph reads."""
    return {str(node.target) for node in traced.graph.find_nodes(op="get_attr") if node.users}
