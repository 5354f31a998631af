"""Exact counts and costs over a whole space, without building a net.

An architecture is one candidate an edge. It is VALID when a noise input is live, and its cost is
that of its live part (`statuses` says what is live), of which a derived generator is built.
"""

from __future__ import annotations

import math
import operator
from collections import defaultdict
from collections.abc import Mapping

import attrs

from autorecon.graph.frontier import FrontierTooWide, Semiring, Weights, sum_over_live_parts
from autorecon.graph.statuses import offers_none
from autorecon.lang import Edge, Program
from autorecon.lang.check_edges import edge_target
from autorecon.lang.check_graph import live_nodes, topological_order

COUNT = Semiring(operator.add, operator.mul, 1)
LEAST = Semiring(min, operator.add, 0)


@attrs.frozen
class Interval:
    """Both ends are included."""

    min: int
    max: int


@attrs.frozen
class CostInterval:
    """Least and greatest cost over all valid architectures, each extreme by itself.

    `parameters` are trainable ones; `macs` multiply-accumulates a sample. Where the space is too
    entangled for exact minima (`exact` is False), `min` is a lower bound: the cost of the cheapest
    path from noise to the output. Maxima are always exact.
    """

    parameters: Interval
    macs: Interval
    exact: bool = True


@attrs.frozen
class _Costs:
    """Parameters or multiply-accumulates of each node's `then` and each candidate but `none`."""

    nodes: Mapping[str, int]
    edges: Mapping[str, tuple[int, ...]]


def cost_interval(program: Program) -> CostInterval:
    parameters, macs = _costs(program)
    most = _most(program, parameters), _most(program, macs)
    try:
        least, exact = (_least(program, parameters), _least(program, macs)), True
    except FrontierTooWide:
        least, exact = (_at_least(program, parameters), _at_least(program, macs)), False
    return CostInterval(Interval(least[0], most[0]), Interval(least[1], most[1]), exact)


def valid_architectures(program: Program) -> int | None:
    """How many of the |S| architectures are valid; None when the space is too entangled."""
    return _count(program, every=True)


def distinct_architectures(program: Program) -> int | None:
    """How many different derived generators the valid architectures have; None as above."""
    return _count(program, every=False)


def _count(program: Program, every: bool) -> int | None:
    edges = {e.name: len(e.candidates) - offers_none(e) for e in program.edges}
    try:
        return sum_over_live_parts(_joined(program), Weights({}, edges, every), COUNT)
    except FrontierTooWide:
        return None


def _joined(program: Program) -> Program:
    """Without labels that only conditional norms read: no edges, nothing to decide."""
    ends = {end for edge in program.edges for end in (edge.source, edge.target)}
    nodes = {name: node for name, node in program.nodes.items() if name in ends}
    return attrs.evolve(program, nodes=nodes)


def _costs(program: Program) -> tuple[_Costs, _Costs]:
    nodes = {n.name: n.then.cost(n.shape, n.shape) for n in program.nodes.values() if n.then}
    edges = {e.name: _candidate_costs(e, program) for e in program.edges}
    return tuple(  # type: ignore[return-value]
        _Costs(
            {name: cost[i] for name, cost in nodes.items()},
            {name: tuple(cost[i] for cost in costs) for name, costs in edges.items()},
        )
        for i in (0, 1)
    )


def _candidate_costs(edge: Edge, program: Program) -> list[tuple[int, int]]:
    source, target = program.nodes[edge.source].shape, edge_target(edge, program.nodes)
    return [c.cost(source, target) for c in edge.candidates if not c.is_none]


def _least(program: Program, costs: _Costs) -> int:
    edges = {name: min(costs, default=0) for name, costs in costs.edges.items()}
    return sum_over_live_parts(_joined(program), Weights(costs.nodes, edges), LEAST)


def _most(program: Program, costs: _Costs) -> int:
    """Costs are not negative and more edges never make less live: every edge at its dearest."""
    edges = [edge for edge in program.edges if not edge.is_cut]
    live = live_nodes(program.nodes, edges)
    within = (e.name for e in edges if e.source in live and e.target in live)
    return sum(costs.nodes.get(n, 0) for n in live) + sum(max(costs.edges[e]) for e in within)


def _at_least(program: Program, costs: _Costs) -> int:
    """The cheapest path from noise to the output: every valid architecture holds some path."""
    incoming = defaultdict(list)
    for edge in program.edges:
        if not edge.is_cut:
            incoming[edge.target].append(edge)
    least: dict[str, float] = {n.name: 0 for n in program.inputs if n.role == "noise"}
    for name in topological_order(program.nodes, program.edges):
        paths = (least[e.source] + min(costs.edges[e.name]) for e in incoming[name])
        own = costs.nodes.get(name, 0)
        least.setdefault(name, own + min(paths, default=math.inf))
    return int(least[program.output.name])
