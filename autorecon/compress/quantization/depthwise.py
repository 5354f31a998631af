"""What depthwise convolutions alone read, so that each of its channels may have a range of its own.

A depthwise filter sees one channel: the rounding of its input is not averaged over others, and a
step of that channel's own becomes a part of its weights, so that nothing is computed otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import fx

from autorecon.compress.quantization.calls import (
    WeightedCall,
    argument,
    groups_of,
    is_transposed,
    weighted_calls,
)
from autorecon.compress.quantization.operations import CONVOLUTIONS, operation, top_of

PADS = {"pad", "constant_pad_nd"}
IN_PLACE = {"contiguous", "clone", "alias", "detach"} | PADS
"""Movements after which every value is still of its channel."""


def read_by_channel(traced: fx.GraphModule, integer: bool) -> set[fx.Node]:
    """Those values of a graph that is not quantized yet.

    With `integer` the steps of the channels must become a part of the convolution before as well,
    so that they are steps of one size for a machine: a ReLU lies between both.
    """
    calls = {call.node: call for call in weighted_calls(traced)}
    found = set()
    for node in traced.graph.nodes:
        reading = [calls.get(reader) for reader in readers(node)]
        if not reading or not all(map(_is_depthwise, reading)):
            continue
        if not integer or _is_between(node, calls):
            found.add(node)
    return found


def readers(node: fx.Node) -> Iterator[fx.Node]:
    """What takes values, moved about within their channels at most."""
    for user in node.users:
        if operation(user) in IN_PLACE and _keeps_channels(user):
            yield from readers(user)
        else:
            yield user


def _keeps_channels(node: fx.Node) -> bool:
    """Whether padding, if it is that, is of height and width alone."""
    pads = argument(node, 1, "pad") if operation(node) in PADS else ()
    return len(pads) <= 2 * (len(node.meta["shape"]) - 2)


def _is_depthwise(call: WeightedCall | None) -> bool:
    if call is None or operation(call.node) not in CONVOLUTIONS or is_transposed(call.node):
        return False
    return groups_of(call.node) == call.source.meta["shape"][1] > 1


def _is_between(node: fx.Node, calls: dict[fx.Node, WeightedCall]) -> bool:
    """Whether values are those of a ReLU between convolutions that share no weight."""
    if top_of(node) is None:
        return False
    before = calls.get(node.all_input_nodes[0])
    if before is None or len(before.node.users) > 1:
        return False
    convolves = operation(before.node) in CONVOLUTIONS and not is_transposed(before.node)
    return convolves and all(map(_has_its_own, [before, *(calls[r] for r in readers(node))]))


def _has_its_own(call: WeightedCall) -> bool:
    return len(call.weight.users) == 1 and (call.bias is None or len(call.bias.users) == 1)
