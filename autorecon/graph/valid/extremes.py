"""The architectures at the ends of a space's cost interval: what the cheapest and dearest are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from autorecon.graph.architectures.architectures import Architectures
from autorecon.graph.architectures.codec import Picks
from autorecon.graph.architectures.restrictions import Restrictions
from autorecon.graph.counting.cost import LEAST, cost_interval, live_parts, measures
from autorecon.graph.counting.decision_diagram import Diagram, Weights
from autorecon.graph.counting.tied_cost import programs
from autorecon.graph.valid import counts
from autorecon.graph.valid import unrestricted as free
from autorecon.graph.valid.best import Scores, best
from autorecon.lang import Edge, Pipeline, Program
from autorecon.lang.program.flow import live_nodes
from autorecon.lang.program.measures import NAMES, ByMeasure
from autorecon.lang.program.tied_cases import is_possible

Measure = Literal["parameters", "macs"]
_BELOW = 128  # bits, more than any sum of costs takes
_Costs = Mapping[str, list[tuple[Pipeline, int]]]


@attrs.frozen
class Architecture:
    """A candidate for every edge, by its name; of `live` edges the generator is built.

    `parameters` are trainable ones, `macs` multiply-accumulates a sample.
    """

    choices: Mapping[str, Pipeline]
    live: tuple[str, ...]
    parameters: int
    macs: int


def cheapest(space: Architectures, measure: Measure) -> Architecture | None:
    """A valid architecture of least cost; None when the space is too entangled to know one."""
    if space.program.is_restricted:
        return _restricted(space, measure, sign=-1)
    if not space.is_tied:
        return _cheapest(space.program, free.live_parts(space), measure)
    if not counts.cost_interval(space).exact:
        return None
    found = [_cheapest(case, live_parts(case), measure) for case in _cases(space, measure, False)]
    return min(filter(None, found), key=lambda a: _order(a, measure), default=None)


def _cases(space: Architectures, measure: Measure, dearest: bool) -> list[Program]:
    """What to look at where decisions are tied: spaces in which nothing is."""
    costs = measures(space.program)[NAMES.index(measure)]
    found = programs(space.program, costs, dearest=dearest) or []
    return [case for case in found if is_possible(case)]


def _order(architecture: Architecture, measure: Measure) -> int:
    return _cost(architecture.parameters, architecture.macs, measure)


def _cheapest(program: Program, parts: Diagram | None, measure: Measure) -> Architecture | None:
    if parts is None:
        return None
    costs = _costs(program, measure)
    live = _cheapest_part(program, parts, costs, measure)
    choices = {}
    for edge in program.edges:
        none = next((c for c in edge.candidates if c.is_none), None)
        choices[edge.name] = none if none and edge.name not in live else _end(costs[edge.name], 1)
    return _architecture(program, choices)


def dearest(space: Architectures, measure: Measure) -> Architecture | None:
    """A valid architecture of greatest cost.

    None when what is tied, or rules and limits, and the space are too entangled to know one.
    """
    if space.program.is_restricted:
        return _restricted(space, measure, sign=1)
    if not space.is_tied:
        return _dearest(space.program, measure)
    found = [_dearest(case, measure) for case in _cases(space, measure, True)]
    return max(found, key=lambda a: _order(a, measure), default=None)


def _dearest(program: Program, measure: Measure) -> Architecture:
    """More edges never make less live, so all that can be there."""
    costs = _costs(program, measure)
    choices = {
        edge.name: edge.candidates[0] if edge.is_cut else _end(costs[edge.name], -1)
        for edge in program.edges
    }
    return _architecture(program, choices)


def _restricted(space: Architectures, measure: Measure, sign: int) -> Architecture | None:
    """Of those within the rules and limits; what is not live is `none` where it may be."""
    live, idle = {}, {}
    for edge in space.edges:
        costs = [_cost(c.parameters, c.macs, measure) << _BELOW for c in edge.candidates]
        live[edge.name] = [sign * cost for cost in costs]
        idle[edge.name] = [-int(not c.is_none) for c in edge.candidates]
    nodes = {
        n.name: sign * (_cost(n.then.parameters, n.then.macs, measure) << _BELOW)
        for n in space.nodes.values()
        if n.then
    }
    restrictions = Restrictions(space)

    def score(picks: Picks) -> int:
        costs = ByMeasure(*restrictions.costs(picks))
        return sign * _cost(costs.parameters, costs.macs, measure)

    picks = best(space, Scores(nodes, live, idle, score))
    if picks is None:
        return None
    by_name = dict(zip(space.program.decisions, picks, strict=True))
    program = space.program
    chosen = {e.name: e.candidates[program.candidate(e, by_name)] for e in space.edges}
    return _architecture(program, chosen)


def _costs(program: Program, measure: Measure) -> _Costs:
    return {
        edge.name: [
            (c, _cost(c.parameters, c.macs, measure)) for c in edge.candidates if not c.is_none
        ]
        for edge in program.edges
    }


def _cost(parameters: int, macs: int, measure: Measure) -> int:
    """The measure, and below it the other one, by which equals are told apart."""
    first, second = (parameters, macs) if measure == "parameters" else (macs, parameters)
    return first << _BELOW | second


def _end(costs: list[tuple[Pipeline, int]], sign: int) -> Pipeline:
    """The cheapest candidate (sign 1) or the dearest (-1); the one written first among equals."""
    return min(costs, key=lambda pair: sign * pair[1])[0]


def _cheapest_part(program: Program, parts: Diagram, costs: _Costs, measure: Measure) -> set[str]:
    """The names of the edges of the cheapest live part."""
    # A part counts each of its edges once, so a bit an edge, below the cost, says which they are.
    edges = [edge for edge in program.edges if not edge.is_cut]
    width = len(edges)
    weights = {
        e.name: [_least(costs[e.name]) << width | 1 << i] * len(e.candidates)
        for i, e in enumerate(edges)
    }
    own = {
        n.name: _cost(n.then.parameters, n.then.macs, measure) << width
        for n in program.nodes.values()
        if n.then
    }
    found = parts.total(Weights(own, weights), LEAST)
    return {edge.name for i, edge in enumerate(edges) if found >> i & 1}


def _least(costs: list[tuple[Pipeline, int]]) -> int:
    return min(cost for _, cost in costs)


def _architecture(program: Program, choices: Mapping[str, Pipeline]) -> Architecture:
    edges = [edge.decided(choices[edge.name]) for edge in program.edges]
    decided = attrs.evolve(program, edges=tuple(edges), decisions={})
    cost = cost_interval(decided, parts=None)  # which leaves the maxima exact
    live = _live_edges(program, [e for e in edges if not e.is_cut])
    return Architecture(choices, live, cost.parameters.max, cost.macs.max)


def _live_edges(program: Program, edges: list[Edge]) -> tuple[str, ...]:
    nodes = live_nodes(program.nodes, edges)
    return tuple(e.name for e in edges if {e.source, e.target} <= nodes)
