"""What weighs the candidates of each edge, made of what weighs the options of each decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import attrs
import torch
from torch import Tensor

from autorecon.graph import Space
from autorecon.graph.architectures.architectures import Architectures
from autorecon.lang import Edge
from autorecon.lowering import Kept
from autorecon.lowering.plan import Weight
from autorecon.nn.transfer import sent


@attrs.frozen(eq=False)
class OneCandidate:
    """A mixture in which one candidate counts: its index, and a weight that is 1 in value.

    The weight may carry a gradient (straight-through); nothing else of the edge is computed.
    """

    index: int
    weight: Tensor


@attrs.frozen(eq=False)
class SomeCandidates:
    """A mixture's weights, one a candidate, of which only those at `indices` are computed."""

    indices: tuple[int, ...]
    weights: Tensor


Weights = Tensor | OneCandidate | SomeCandidates
# By edge name: one weight a candidate; by decision, where that is of sizes: one an option.
Mixture = Mapping[str, Weights]
Sampled = Mapping[str, Weights]  # by decision: one weight an option


def edge_mixture(space: Space, sampled: Sampled) -> dict[str, Weights]:
    """The mixture of every edge that has a choice, and of every choice of sizes.

    Where an edge depends on several decisions, a combination of their options weighs the product of
    theirs, and a candidate what all of its combinations weigh. An edge computes the same whatever
    is decided of sizes: these mix masks.
    """
    sizes = {n.sizes.decision for n in space.unfolded.nodes.values() if n.sizes}
    return by_candidate(space.unfolded, sampled) | {name: sampled[name] for name in sizes}


def by_candidate(space: Architectures, sampled: Sampled) -> dict[str, Weights]:
    """The weights of the candidates of every edge that has several."""
    return {
        edge.name: sampled[edge.decision] if edge.decision else _tied(edge, space, sampled)
        for edge in space.choices
    }


def _tied(edge: Edge, space: Architectures, sampled: Sampled) -> Weights:
    weights = [sampled[axis] for axis in edge.axes]
    ones = [w for w in weights if isinstance(w, OneCandidate)]
    if len(ones) == len(weights):
        return _one(edge, space, ones)
    counts = [len(space.program.decisions[axis].options) for axis in edge.axes]
    joint, *others = (_dense(weight, count) for weight, count in zip(weights, counts, strict=True))
    for dense in others:
        joint = torch.outer(joint, dense).flatten()
    combinations = [0]
    for weight, count in zip(weights, counts, strict=True):
        combinations = [before * count + k for before in combinations for k in _some(weight, count)]
    places = _places(edge.table, joint.device)
    mixed = joint.new_zeros(len(edge.candidates)).index_add(0, places, joint)
    if not any(isinstance(weight, SomeCandidates) for weight in weights):
        return mixed
    return SomeCandidates(tuple(sorted({edge.table[place] for place in combinations})), mixed)


@lru_cache(maxsize=1024)
def _places(table: tuple[int, ...], device: torch.device) -> Tensor:
    """A table as an index, sent once: from a list it would be waited for in every step."""
    return sent(torch.tensor(table), device)


def _one(edge: Edge, space: Architectures, ones: Sequence[OneCandidate]) -> OneCandidate:
    picks = {axis: one.index for axis, one in zip(edge.axes, ones, strict=True)}
    weight = torch.stack([one.weight for one in ones]).prod()
    return OneCandidate(space.program.candidate(edge, picks), weight)


def _dense(weights: Weights, options: int) -> Tensor:
    if isinstance(weights, OneCandidate):
        one_hot = torch.eye(options, device=weights.weight.device)[weights.index]
        return weights.weight * one_hot
    return weights.weights if isinstance(weights, SomeCandidates) else weights


def _some(weights: Weights, options: int) -> Sequence[int]:
    """The options that count."""
    if isinstance(weights, OneCandidate):
        return (weights.index,)
    return weights.indices if isinstance(weights, SomeCandidates) else range(options)


def kept(mixture: Mixture) -> Kept:
    """The candidates that count, where they are not all of an edge."""
    ones = {name: (m.index,) for name, m in mixture.items() if isinstance(m, OneCandidate)}
    some = {name: m.indices for name, m in mixture.items() if isinstance(m, SomeCandidates)}
    return ones | some


class Scalars:
    """A mixture's weights one by one."""

    def __init__(self, mixture: Mixture) -> None:
        self._mixture = mixture
        self._unbound: dict[str, tuple[Tensor, ...]] = {}

    def __getitem__(self, key: Weight) -> Tensor:
        mixed = self._mixture[key.edge]
        if isinstance(mixed, OneCandidate):
            return mixed.weight
        if key.edge not in self._unbound:
            dense = mixed.weights if isinstance(mixed, SomeCandidates) else mixed
            self._unbound[key.edge] = dense.unbind(0)
        return self._unbound[key.edge][key.candidate]
