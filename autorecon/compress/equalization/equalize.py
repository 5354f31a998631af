"""Ranges of weights evened out over layers, and large offsets moved on."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor, fx, nn

from autorecon.compress.equalization.moments import Moments, activation
from autorecon.compress.quantization.capture import callee_of, count_calls
from autorecon.compress.quantization.sites import is_rectifier

ROUNDS = 50
CLOSE = 1e-3
"""Largest change of a scale at which no further round is made."""


@attrs.frozen(eq=False)
class Pair:
    """Two convolutions with nothing but a ReLU between them."""

    name: str
    first: nn.Conv2d
    second: nn.Conv2d


def find_pairs(traced: fx.GraphModule) -> list[Pair]:
    """Every conv -> ReLU or ReLU6 -> conv that nothing else reads, in the order of the graph.

    A ReLU6 between two is replaced by a ReLU, in place, since it cannot be scaled through.
    """
    calls = count_calls(traced)
    pairs = []
    for node in list(traced.graph.nodes):
        callee = callee_of(traced, node)
        if not is_rectifier(callee) or activation(callee) or len(node.users) != 1:
            continue
        before, after = node.all_input_nodes[0], next(iter(node.users))
        first, second = callee_of(traced, before), callee_of(traced, after)
        once = all(calls[str(end.target)] == 1 for end in (before, after))
        if not (type(first) is nn.Conv2d and type(second) is nn.Conv2d and once):
            continue
        if len(before.users) == 1 and (second.groups == 1 or _is_depthwise(second)):
            _use_plain_relu(traced, node)
            pairs.append(Pair(str(before.target), first, second))
    traced.recompile()
    return pairs


def _is_depthwise(conv: nn.Conv2d) -> bool:
    return conv.groups == conv.in_channels == conv.out_channels


def _use_plain_relu(traced: fx.GraphModule, node: fx.Node) -> None:
    with traced.graph.inserting_after(node):
        plain = traced.graph.call_function(torch.relu, (node.all_input_nodes[0],))
    node.replace_all_uses_with(plain)
    traced.graph.erase_node(node)


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
    behind = _by_input(pair.second).abs().flatten(1).amax(1)
    scale = torch.where((ahead > 0) & (behind > 0), (ahead / behind).sqrt(), torch.ones(()))
    pair.first.weight.div_(scale.view(-1, 1, 1, 1))
    pair.first.bias.div_(scale)  # type: ignore[union-attr]
    _by_input(pair.second).mul_(scale.view(-1, 1, 1, 1))
    if pair.name in normals:
        known = normals[pair.name]
        normals[pair.name] = Moments(known.mean / scale, known.variance / scale**2)
    return float((scale - 1).abs().max())


def _by_input(conv: nn.Conv2d) -> Tensor:
    """A view of the weight with the input channel first; depthwise weights have it first."""
    return conv.weight if conv.groups > 1 else conv.weight.transpose(0, 1)


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
        pair.first.bias.sub_(surplus)  # type: ignore[union-attr]
        moved = _by_input(pair.second).flatten(2).sum(2) * surplus[:, None]
        depthwise = pair.second.groups > 1
        pair.second.bias.add_(moved.squeeze(1) if depthwise else moved.sum(0))  # type: ignore[union-attr]
        normals[pair.name] = Moments(known.mean - surplus, known.variance)
