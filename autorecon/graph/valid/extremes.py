"""The architectures at the ends of a space's cost interval: what the cheapest and dearest are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from autorecon.graph.architectures.architectures import Architectures
from autorecon.graph.architectures.codec import Picks
from autorecon.graph.architectures.liveness import liveness
from autorecon.graph.counting.cost import Costs, cost_interval, separate
from autorecon.graph.counting.decision_diagram import Diagram, diagram
from autorecon.graph.counting.tied_cost import unbeaten
from autorecon.graph.valid.best import Scores, best_path
from autorecon.graph.valid.extent import every_option, exact, known, listed, live_parts
from autorecon.lang import Pipeline, Program
from autorecon.lang.program.flow import live_nodes
from autorecon.lang.program.measures import ByMeasure

Measure = Literal["parameters", "macs"]
_BELOW = 128  # bits, more than any sum of costs takes


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
    return _end(space, measure, sign=-1)


def dearest(space: Architectures, measure: Measure) -> Architecture | None:
    """A valid architecture of greatest cost.

    None when what is tied, or rules and limits, and the space are too entangled to know one.
    """
    program = space.program
    if program.is_restricted or space.is_tied:
        return _end(space, measure, sign=1)
    # More edges never make less live, so all that can be there.
    costs = _costs(program, measure).edges
    chosen = {}
    for edge in program.edges:
        there = [i for i, c in enumerate(edge.candidates) if not c.is_none] or [0]
        chosen[edge.name] = max(there, key=costs[edge.name].__getitem__)
    return _architecture(program, chosen)


def _end(space: Architectures, measure: Measure, sign: int) -> Architecture | None:
    """Among equals, one of which fewer (of the dearest: more) edges are live; what is not is `none`
    where it may be."""
    program, restrictions = space.program, liveness(space).restrictions

    def score(picks: Picks) -> int:
        costs = ByMeasure(*restrictions.costs(picks))
        return sign * _cost(costs.parameters, costs.macs, measure)

    def by_sum(space: Architectures) -> Picks:
        costs, width = _costs(program, measure), len(program.edges).bit_length()
        live = {
            name: [sign * (cost << width | 1) for cost in own] for name, own in costs.edges.items()
        }
        nodes = {name: sign * (cost << width) for name, cost in costs.nodes.items()}
        idle = {e.name: [-int(not c.is_none) for c in e.candidates] for e in program.edges}
        choices = _choices(space, costs, dearest=sign > 0)
        return best_path(space, choices, Scores(score, nodes, live, idle))

    picks = exact(space, by_sum, lambda space: max(listed(space), key=score))
    if picks is None:
        return None
    by_name = dict(zip(program.decisions, picks, strict=True))
    return _architecture(program, {e.name: program.candidate(e, by_name) for e in program.edges})


def _choices(space: Architectures, costs: Costs, *, dearest: bool) -> Diagram:
    """Among whose architectures the end is; raises FrontierTooWide."""
    if space.program.is_restricted:
        return known(every_option(space))
    if space.is_tied:
        return diagram(space.program, "every", unbeaten(space.program, costs, dearest=dearest))
    return known(live_parts(space))


def _costs(program: Program, measure: Measure) -> Costs:
    """By this measure, and among equals by the other; raises FrontierTooWide."""
    costs = ByMeasure(*separate(program))
    parameters, macs = costs.parameters, costs.macs
    return Costs(
        {n: _cost(p, macs.nodes[n], measure) for n, p in parameters.nodes.items()},
        {
            name: tuple(_cost(p, m, measure) for p, m in zip(own, macs.edges[name], strict=True))
            for name, own in parameters.edges.items()
        },
    )


def _cost(parameters: int, macs: int, measure: Measure) -> int:
    """The measure, and below it the other one, by which equals are told apart."""
    first, second = (parameters, macs) if measure == "parameters" else (macs, parameters)
    return first << _BELOW | second


def _architecture(program: Program, chosen: Mapping[str, int]) -> Architecture:
    choices = {edge.name: edge.candidates[chosen[edge.name]] for edge in program.edges}
    edges = [edge.decided(choices[edge.name]) for edge in program.edges]
    decided = attrs.evolve(program, edges=tuple(edges), decisions={})
    cost = cost_interval(decided, parts=None)  # which leaves the maxima exact
    there = [edge for edge in edges if not edge.is_cut]
    nodes = live_nodes(program.nodes, there)
    live = tuple(e.name for e in there if {e.source, e.target} <= nodes)
    return Architecture(choices, live, cost.parameters.max, cost.macs.max)
