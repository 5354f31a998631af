"""What a space holds, gathered for tables: nodes, candidates by type, architectures at the ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import attrs

from autorecon.graph.counting.cost import Interval
from autorecon.graph.counting.expected_cost import Expectation
from autorecon.graph.space import Space, load
from autorecon.graph.valid.extremes import Architecture, cheapest, dearest
from autorecon.lang import Decision, Edge, Node, Pipeline
from autorecon.lang.program.measures import node_costs

MEASURES = ("parameters", "macs")


@attrs.frozen
class NodeRow:
    """A node, how many edges lead to it and from it, and what its merge and `then` cost."""

    node: Node
    incoming: int
    outgoing: int
    parameters: int
    macs: int


@attrs.frozen
class CandidateRow:
    """A candidate of a type: on how many edges, and from least to most what it costs on one."""

    type: str
    contract: str | None
    candidate: Pipeline
    edges: int
    parameters: Interval
    macs: Interval


@attrs.frozen
class Extreme:
    """An architecture at an end of the cost interval, by one measure or by both.

    `architecture` is None where the space is too entangled to know a cheapest one.
    """

    end: str  # "cheapest" or "dearest"
    by: tuple[str, ...]
    architecture: Architecture | None


def node_rows(space: Space) -> list[NodeRow]:
    """In topological order."""
    into = Counter(edge.target for edge in space.edges)
    out = Counter(edge.source for edge in space.edges)
    nodes = (space.nodes[name] for name in space.order)
    return [NodeRow(n, into[n.name], out[n.name], *node_costs(n)[:2]) for n in nodes]


def candidate_rows(space: Space) -> list[CandidateRow]:
    """By type, both in the order of the text."""
    found: dict[tuple[str, str | None, Pipeline], list[Pipeline]] = {}
    order = {type: place for place, type in enumerate(space.edges_by_type)}
    for edge in space.edges:
        for candidate in edge.candidates:
            found.setdefault((edge.type, edge.contract, candidate), []).append(candidate)
    rows = [
        CandidateRow(
            *key,
            len(same),
            Interval.of(c.parameters for c in same),
            Interval.of(c.macs for c in same),
        )
        for key, same in found.items()
    ]
    return sorted(rows, key=lambda row: order[row.type])


def tied_rows(space: Space) -> list[tuple[Decision, int]]:
    """Choices that have a name, and decisions of several edges, with how many depend on each."""
    uses = Counter(axis for edge in space.edges for axis in edge.axes)
    return [(d, uses[d.name]) for d in space.decisions if not d.is_edge or uses[d.name] > 1]


def extremes(space: Space) -> list[Extreme]:
    """The cheapest and the dearest by each measure; none where there is nothing to choose."""
    if space.is_genotype:
        return []
    return [*_merged("cheapest", space), *_merged("dearest", space)]


def _merged(end: str, space: Space) -> Iterator[Extreme]:
    find = {"cheapest": cheapest, "dearest": dearest}[end]
    parameters, macs = (find(space, measure) for measure in ("parameters", "macs"))
    if parameters == macs:
        yield Extreme(end, MEASURES, parameters)
        return
    yield Extreme(end, MEASURES[:1], parameters)
    yield Extreme(end, MEASURES[1:], macs)


def mean_cost(space: Space) -> Expectation | None:
    """The mean cost of the valid architectures when every candidate is as likely as another.

    None where there is nothing to choose, or the space is too entangled.
    """
    if space.is_genotype:
        return None
    sizes = {decision.name: len(decision.options) for decision in space.decisions}
    return space.expected_cost({name: [1 / size] * size for name, size in sizes.items()})


def architecture_id(space: Space) -> str | None:
    """The id of a genotype in the space that it is of; None for what is not of one."""
    base = space.program.base_path
    return load(base, **space.parameters).architecture_id(space) if base else None


def edges_by_name(space: Space) -> dict[str, Edge]:
    """Every edge by its name, by its ends, and as the text writes it, blanks aside."""
    return {
        name: edge
        for edge in space.edges
        for name in (edge.name, "->".join(edge.written), f"{edge.source}->{edge.target}")
    }


def chosen_rows(space: Space, architecture: Architecture) -> list[tuple[str, Pipeline, list[str]]]:
    """Type, candidate and names of the live edges of an architecture that have it."""
    live = set(architecture.live)
    found: dict[tuple[str, Pipeline], list[str]] = {}
    for edge in space.edges:
        if edge.name in live:
            found.setdefault((edge.type, architecture.choices[edge.name]), []).append(edge.name)
    return [(type, candidate, names) for (type, candidate), names in found.items()]
