"""Exact counts and costs over a whole space, without building a net.

An architecture is one candidate an edge. It is VALID when a noise input is live, and its cost is
that of its live part (`statuses` says what is live), of which a derived generator is built.
"""

from __future__ import annotations

import math
import operator
from collections import defaultdict
from collections.abc import Iterable, Mapping

import attrs

from autorecon.graph.counting import node_status as st
from autorecon.graph.counting.decision_diagram import (
    Diagram,
    FrontierTooWide,
    Semiring,
    Weights,
    diagram,
)
from autorecon.graph.counting.diagram_steps import PathKind
from autorecon.lang import Edge, Program
from autorecon.lang.program.flow import live_nodes, origin, topological_order
from autorecon.lang.program.measures import MEASURES, ByMeasure, candidate_costs, node_costs
from autorecon.lang.program.nodes import INPUTS

COUNT = Semiring(operator.add, operator.mul, 1, 0)
LEAST = Semiring(min, operator.add, 0, math.inf)
GREATEST = Semiring(max, operator.add, 0, -math.inf)


@attrs.frozen
class Interval:
    """Both ends are included."""

    min: int
    max: int

    @classmethod
    def of(cls, values: Iterable[int]) -> Interval:
        """From the least to the greatest."""
        found = list(values)
        return cls(min(found), max(found))


@attrs.frozen
class CostInterval(ByMeasure[Interval]):
    """Least and greatest cost over all valid architectures, each extreme by itself.

    Where the space is too entangled for exact minima (`exact` is False), `min` is a lower bound:
    the cost of the cheapest path from noise to the output. Maxima are exact all the same, unless
    decisions are tied or there are rules or limits.
    """

    exact: bool = attrs.field(kw_only=True, default=True)


@attrs.frozen
class Costs:
    """One measure: of each node with its `then`, and of each edge's candidates.

    `owners` says of edges that cost nothing beside another whose cost they share which that is.
    """

    nodes: Mapping[str, int]
    edges: Mapping[str, tuple[int, ...]]
    owners: Mapping[str, str] = attrs.field(factory=dict)


def live_parts(program: Program) -> Diagram | None:
    """The diagram of a space's live parts; None when the space is too entangled."""
    return _unless_too_wide(program, "one")


def all_choices(program: Program) -> Diagram | None:
    """The diagram of a space's valid architectures; None as above."""
    return _unless_too_wide(program, "every")


def _unless_too_wide(program: Program, paths: PathKind) -> Diagram | None:
    try:
        return diagram(program, paths)
    except FrontierTooWide:
        return None


def cost_interval(program: Program, parts: Diagram | None) -> CostInterval:
    """The costs of `program`, whose live parts are `parts`."""
    found = (
        Interval(_least(c, parts) if parts else at_least(program, c), most(program, c))
        for c in measures(program)
    )
    return CostInterval(*found, exact=parts is not None)


def count(parts: Diagram) -> int:
    """How many live parts there are: different generators, or with `parts.every` how many of the
    |S| architectures are valid."""
    return parts.total(Weights(), COUNT)


def measures(program: Program) -> tuple[Costs, ...]:
    """Those of each of MEASURES."""
    nodes = {node.name: node_costs(node) for node in program.nodes.values()}
    edges = {edge.name: [candidate_costs(c) for c in edge.candidates] for edge in program.edges}
    owners = {edge.name: edge.weights_of for edge in program.edges if edge.weights_of}
    return tuple(
        Costs(
            {name: cost[i] for name, cost in nodes.items()},
            {name: tuple(cost[i] for cost in costs) for name, costs in edges.items()},
            owners if measure.shared else {},
        )
        for i, measure in enumerate(MEASURES)
    )


def separate(program: Program) -> tuple[Costs, ...]:
    """The same where each edge costs by itself; raises FrontierTooWide where some may be live
    without the one whose weights they share."""
    if owners_may_be_dead(program):
        raise FrontierTooWide("edges that share weights do not cost each by itself")
    return tuple(map(paid_by_owners, measures(program)))


def paid_by_owners(costs: Costs) -> Costs:
    """What edges cost by themselves, where those whose weights others share are always live."""
    edges = {n: (0,) * len(own) if n in costs.owners else own for n, own in costs.edges.items()}
    return attrs.evolve(costs, edges=edges)


def owners_may_be_dead(program: Program) -> bool:
    """Whether weights that edges share may be there without the edge whose they are, which has the
    same candidate."""
    owners = {edge.weights_of for edge in program.edges} - {None}
    if not owners:
        return False
    initial = st.initial_statuses(program)
    always = {n for n, found in initial.items() if all(st.kind(s) == st.LIVE for s in found)}
    ends = {end for e in program.edges if e.name in owners for end in (e.source, e.target)}
    return not ends <= always


def _least(costs: Costs, parts: Diagram) -> int:
    return parts.total(Weights(costs.nodes, costs.edges), LEAST)


def most(program: Program, costs: Costs) -> int:
    """Costs are not negative and more edges never make less live: every edge at its dearest."""
    edges = [edge for edge in program.edges if not edge.is_cut]
    live = live_nodes(program.nodes, edges)
    within = [e for e in edges if e.source in live and e.target in live]
    # Without labels that only conditional norms read, which compute nothing.
    ends = {end for edge in within for end in (edge.source, edge.target)}
    dearest: dict[str, int] = {}
    for edge in within:
        owner = costs.owners.get(edge.name, edge.name)
        dearest[owner] = max(dearest.get(owner, 0), *costs.edges[edge.name])
    return sum(costs.nodes[n] for n in ends) + sum(dearest.values())


def at_least(program: Program, costs: Costs) -> int:
    """The cheapest path from noise to the output: every valid architecture holds some path. One
    without noise may read the label on the way, and begins at any input."""
    incoming = defaultdict(list)
    for edge in program.edges:
        if not edge.is_cut:
            incoming[edge.target].append(edge)
    starts = ("noise",) if origin(program.nodes) == "noise" else INPUTS
    least: dict[str, float] = {n.name: 0 for n in program.inputs if n.role in starts}
    for name in topological_order(program.nodes, program.edges):
        paths = (least[e.source] + _cheapest(e, costs) for e in incoming[name])
        least.setdefault(name, costs.nodes[name] + min(paths, default=math.inf))
    return int(least[program.output.name])


def _cheapest(edge: Edge, costs: Costs) -> int:
    weighed = zip(edge.candidates, costs.edges[edge.name], strict=True)
    return min(cost for candidate, cost in weighed if not candidate.is_none)
