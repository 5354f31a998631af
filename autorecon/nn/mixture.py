"""What weighs the candidates of each edge, made of what weighs the options of each decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import torch
from torch import Tensor

from autorecon.graph import Space
from autorecon.lang import Edge
from autorecon.lowering import Kept
from autorecon.lowering.plan import Weight


@attrs.frozen(eq=False)
class OneCandidate:
    """A mixture in which one candidate counts: its index, and a weight that is 1 in value.

    The weight may carry a gradient (straight-through); nothing else of the edge is computed.
    """

    index: int
    weight: Tensor


Weights = Tensor | OneCandidate
Mixture = Mapping[str, Weights]  # by edge name: one weight a candidate
Sampled = Mapping[str, Weights]  # by decision: one weight an option


def edge_mixture(space: Space, sampled: Sampled) -> dict[str, Weights]:
    """The mixture of every edge that has a choice.

    Where an edge depends on several decisions, a combination of their options weighs the product of
    theirs, and a candidate what all of its combinations weigh.
    """
    return {
        edge.name: sampled[edge.name] if edge.axes == (edge.name,) else _tied(edge, space, sampled)
        for edge in space.choices
    }


def _tied(edge: Edge, space: Space, sampled: Sampled) -> Weights:
    weights = [sampled[axis] for axis in edge.axes]
    ones = [w for w in weights if isinstance(w, OneCandidate)]
    if len(ones) == len(weights):
        return _one(edge, space, ones)
    joint = torch.ones(())
    for axis, weight in zip(edge.axes, weights, strict=True):
        options = len(space.program.decisions[axis].options)
        dense = _one_hot(weight, options) if isinstance(weight, OneCandidate) else weight
        joint = torch.outer(joint.to(dense).flatten(), dense).flatten()
    places = torch.tensor(edge.table, device=joint.device)
    return joint.new_zeros(len(edge.candidates)).index_add(0, places, joint)


def _one(edge: Edge, space: Space, ones: Sequence[OneCandidate]) -> OneCandidate:
    picks = {axis: one.index for axis, one in zip(edge.axes, ones, strict=True)}
    weight = torch.stack([one.weight for one in ones]).prod()
    return OneCandidate(space.program.candidate(edge, picks), weight)


def _one_hot(one: OneCandidate, options: int) -> Tensor:
    return one.weight * torch.eye(options, device=one.weight.device)[one.index]


def kept(mixture: Mixture) -> Kept:
    """The candidates that count, where they are not all of an edge."""
    return {name: (m.index,) for name, m in mixture.items() if isinstance(m, OneCandidate)}


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
            self._unbound[key.edge] = mixed.unbind(0)
        return self._unbound[key.edge][key.candidate]
