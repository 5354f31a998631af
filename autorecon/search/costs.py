"""The architecture as objectives see it: expected under probabilities, or a single one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import product
from typing import cast

import attrs
import torch
from torch import Tensor

from autorecon.graph import Space
from autorecon.graph.counting.cost import CostInterval, Costs, all_choices, measures
from autorecon.graph.counting.decision_diagram import Layer
from autorecon.graph.counting.diagram_steps import Owner, Take
from autorecon.lang import Edge, Program
from autorecon.lang.program.ties import tied_decisions
from autorecon.nn.mixture import by_candidate
from autorecon.nn.transfer import sent
from autorecon.objective import Architecture
from autorecon.search.config import SearchError

# Combinations of the options of tied decisions, over each of which is summed.
MAX_TIED = 1_024

Probabilities = Mapping[str, Tensor]  # by decision


class ExpectedCost:
    """`Space.expected_cost`, but for limits and rules that name choices, as a differentiable
    function of the probabilities.

    It is the same sum over the space's diagram, a layer at a time, for every combination of the
    decisions that several edges depend on. Computed where the probabilities are. Raises SearchError
    for a space that is too entangled.
    """

    def __init__(self, space: Space, device: torch.device | str = "cpu") -> None:
        self._space, self._tied = space, tied_decisions(space.program)
        combinations = math.prod(len(d.options) for d in space.decisions if d.name in self._tied)
        diagram = all_choices(_untied(space.program)) if combinations <= MAX_TIED else None
        if diagram is None:
            raise SearchError(f"{space.name} is too entangled for cost terms: leave them out")
        costs = measures(space.program)[:2]
        self._layers = [
            (layer.owner.name, layer.size, [arcs.on(device) for arcs in _arcs(layer, costs)])
            for layer in diagram.layers
        ]
        self._final = diagram.final
        self._greatest = sent(_greatest(space), device)
        self._start = sent(torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64), device)

    def __call__(self, probabilities: Probabilities) -> Architecture:
        """Means over the valid architectures, relative to the greatest costs of the space."""
        given = {name: p.double() for name, p in probabilities.items()}
        shares, edges = zip(*self._combinations(given), strict=True)
        by_edge = {name: torch.stack([edge[name] for edge in edges]) for name in edges[0]}
        valid, *sums = torch.stack(shares) @ self._values(by_edge, len(shares))
        parameters, macs = torch.stack(sums) / valid / self._greatest
        return Architecture(parameters, macs, mean_entropy(given))

    def _combinations(self, given: Probabilities) -> Iterator[tuple[Tensor, dict[str, Tensor]]]:
        """Each with its probability, and the candidates' of each edge in it."""
        tied = {name: range(len(given[name])) for name in self._tied}
        one = self._start[0]
        for picks in product(*tied.values()):
            share, sampled = one, dict(given)
            for name, pick in zip(tied, picks, strict=True):
                share = share * given[name][pick]
                sampled[name] = one.new_zeros(len(given[name]))
                sampled[name][pick] = 1
            yield share, cast("dict[str, Tensor]", by_candidate(self._space, sampled))

    def _values(self, by_edge: Mapping[str, Tensor], count: int) -> Tensor:
        """[combinations, 3]: what is valid, and that times each cost's mean."""
        certain = self._start.new_ones(count, 1)
        values = self._start.expand(count, 1, 3)
        for name, size, arcs in self._layers:
            p = by_edge.get(name, certain)
            after = values.new_zeros(count, size, 3)
            for some in arcs:
                after = after.index_add(1, some.new, some.carry(values, p))
            values = after
        return values[:, self._final]


@attrs.frozen(eq=False)
class _Arcs:
    """The arcs of a layer that take the same: states before and after, and what they multiply a
    value by, as a matrix [candidates, 3] of the edge's probabilities; None is one.

    A state's value is its probability, and that times the mean of each cost.
    """

    old: Tensor
    new: Tensor
    factors: Tensor | None

    def on(self, device: torch.device | str) -> _Arcs:
        factors = None if self.factors is None else sent(self.factors, device)
        return _Arcs(sent(self.old, device), sent(self.new, device), factors)

    def carry(self, values: Tensor, probabilities: Tensor) -> Tensor:
        before = values[:, self.old]
        if self.factors is None:
            return before
        factor = (probabilities @ self.factors)[:, None]
        scaled = before * factor[..., :1]
        added = before[..., :1] * factor[..., 1:]
        return torch.cat([scaled[..., :1], scaled[..., 1:] + added], dim=-1)


def _untied(program: Program) -> Program:
    """The same where each edge chooses by itself, as it does once what is tied is settled; rules
    that name choices are about what is no candidate then."""
    rules = tuple(r for r in program.rules if all(c.choice is None for c in r.counts))
    own = [tuple(range(len(edge.candidates))) for edge in program.edges]
    edges = [attrs.evolve(e, axes=(), table=t) for e, t in zip(program.edges, own, strict=True)]
    return attrs.evolve(program, edges=tuple(edges), rules=rules)


def _arcs(layer: Layer, costs: tuple[Costs, ...]) -> list[_Arcs]:
    found = []
    for take, arcs in layer.arcs.items():
        old, new = torch.tensor(arcs).reshape(-1, 2).unbind(1)
        found.append(_Arcs(old, new, _factors(layer.owner, take, costs)))
    return found


def _factors(owner: Owner, take: Take, costs: tuple[Costs, ...]) -> Tensor | None:
    """What `expectation` weighs these arcs with."""
    if not isinstance(owner, Edge):
        own = [[1, *(c.nodes[owner.name] for c in costs)]]
        return torch.tensor(own, dtype=torch.float64) if take.live else None
    rows = torch.zeros(len(owner.candidates), 3, dtype=torch.float64)
    options = list(take.options)
    rows[options, 0] = 1
    if take.live:
        live = [[c.edges[owner.name][option] for c in costs] for option in options]
        rows[options, 1:] = torch.tensor(live, dtype=torch.float64)
    return rows


def relative(cost: CostInterval, space: Space, device: torch.device | str) -> Architecture:
    """A single architecture of `space`, as numbers on a device."""
    own = torch.tensor([cost.parameters.max, cost.macs.max], dtype=torch.float64)
    parameters, macs = sent(own / _greatest(space), device)
    return Architecture(parameters, macs, torch.zeros_like(macs))


def _greatest(space: Space) -> Tensor:
    """Parameters and multiply-accumulates of the dearest architectures, [2]."""
    most = space.cost.parameters.max, space.cost.macs.max
    return torch.tensor([max(cost, 1) for cost in most], dtype=torch.float64)


def mean_entropy(probabilities: Probabilities) -> Tensor:
    """The mean over decisions of H(p) / log(options)."""
    shares = [torch.special.entr(p).sum() / math.log(len(p)) for p in probabilities.values()]
    return torch.stack(shares).mean()
