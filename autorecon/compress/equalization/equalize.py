"""Ranges of weights evened out over layers, and large offsets moved on."""

from __future__ import annotations

import math

import attrs
import torch
from torch import Tensor, fx

from autorecon.compress.equalization.moments import Moments
from autorecon.compress.quantization.calls import (
    WeightedCall,
    groups_of,
    parameter,
    weighted_calls,
)
from autorecon.compress.quantization.operations import is_rectifier, operation, top_of

ROUNDS = 50
CLOSE = 1e-3
"""Largest change of a scale at which no further round is made."""


@attrs.frozen(eq=False)
class Layer:
    """A convolution's weight [out, in / groups, h, w] and bias [out]."""

    weight: Tensor
    bias: Tensor
    groups: int

    @property
    def by_input(self) -> Tensor:
        """A view of the weight with the input channel first; depthwise weights have it first."""
        return self.weight if self.groups > 1 else self.weight.transpose(0, 1)


@attrs.frozen(eq=False)
class Pair:
    """Two convolutions with nothing but a ReLU between them."""

    name: str
    first: Layer
    second: Layer


def find_pairs(traced: fx.GraphModule) -> list[Pair]:
    """Every conv -> ReLU or ReLU6 -> conv that nothing else reads, in the order of the graph.

    A ReLU6 between two is replaced by a ReLU, in place, since it cannot be scaled through.
    """
    calls = {call.node: call for call in weighted_calls(traced)}
    pairs = []
    for node in list(traced.graph.nodes):
        if not is_rectifier(node) or top_of(node) is None or len(node.users) != 1:
            continue
        first, second = calls.get(node.args[0]), calls.get(next(iter(node.users)))
        if first and second and _are_alone(first, second) and _is_simple(second):
            _use_plain_relu(traced, node)
            pairs.append(Pair(first.layer, _layer(traced, first), _layer(traced, second)))
    traced.recompile()
    return pairs


def _are_alone(first: WeightedCall, second: WeightedCall) -> bool:
    once = all(len(call.weight.users) == 1 for call in (first, second))
    convolutions = all(operation(call.node) == "conv2d" for call in (first, second))
    return once and convolutions and len(first.node.users) == 1


def _is_simple(call: WeightedCall) -> bool:
    out, inputs = call.weight.meta["shape"][:2]
    return groups_of(call.node) in (1, out) and (inputs == 1 or groups_of(call.node) == 1)


def _layer(traced: fx.GraphModule, call: WeightedCall) -> Layer:
    bias = torch.zeros(1) if call.bias is None else parameter(traced, call.bias)
    return Layer(parameter(traced, call.weight), bias, groups_of(call.node))


def _use_plain_relu(traced: fx.GraphModule, node: fx.Node) -> None:
    """In place of a ReLU that clips, which a report then tells."""
    if top_of(node) == math.inf:
        return
    node.target = torch.ops.aten.relu.default
    node.args, node.kwargs = (node.args[0],), {}
    node.meta["unclipped"] = True


@torch.no_grad()
def equalize(pairs: list[Pair], normals: dict[str, Moments]) -> None:
    """Scale channels until both weights of every pair have the same range in each.

    Weights, biases and `normals` change; what the net computes does not.
    """
    for _ in range(ROUNDS):
        changes = [_equalize(pair, normals) for pair in pairs]
        if max(changes, default=0.0) < CLOSE:
            return


def _equalize(pair: Pair, normals: dict[str, Moments]) -> float:
    """Even out one pair, and give the largest change."""
    ahead = pair.first.weight.abs().flatten(1).amax(1)
    behind = pair.second.by_input.abs().flatten(1).amax(1)
    scale = torch.where((ahead > 0) & (behind > 0), (ahead / behind).sqrt(), torch.ones(()))
    pair.first.weight.div_(scale.view(-1, 1, 1, 1))
    pair.first.bias.div_(scale)
    pair.second.by_input.mul_(scale.view(-1, 1, 1, 1))
    if pair.name in normals:
        known = normals[pair.name]
        normals[pair.name] = Moments(known.mean / scale, known.variance / scale**2)
    return float((scale - 1).abs().max())


@torch.no_grad()
def absorb(pairs: list[Pair], normals: dict[str, Moments]) -> None:
    """Move the part of an offset that no ReLU ever cuts, b - 3 std, into the layer after.

    Exact but for values further out than that, and for borders that are padded with zeros.
    """
    for pair in pairs:
        known = normals.get(pair.name)
        if known is None:
            continue
        surplus = (known.mean - 3 * known.variance.sqrt()).clamp_min(0)
        pair.first.bias.sub_(surplus)
        moved = pair.second.by_input.flatten(2).sum(2) * surplus[:, None]
        depthwise = pair.second.groups > 1
        pair.second.bias.add_(moved.squeeze(1) if depthwise else moved.sum(0))
        normals[pair.name] = Moments(known.mean - surplus, known.variance)
