"""What a space holds, gathered for tables: nodes, candidates by type, architectures at the ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import attrs

from autorecon.graph.counting.cost import Interval
from autorecon.graph.counting.expected_cost import Expectation
from autorecon.graph.space import Space, load
from autorecon.graph.valid.extremes import Architecture, cheapest, dearest
from autorecon.lang import Decision, Edge, Node, Pipeline, Shape
from autorecon.lang.program.measures import node_costs

MEASURES = ("parameters", "macs")


@attrs.frozen
class NodeRow:
    """A node, how many edges lead to it and from it, and what its merge and `then` cost."""

    node: Node
    incoming: int
    outgoing: int
    parameters: Interval
    macs: Interval


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
    shown = space.widest
    into = Counter(edge.target for edge in shown.edges)
    out = Counter(edge.source for edge in shown.edges)
    nodes = (shown.nodes[name] for name in shown.order)
    return [NodeRow(n, into[n.name], out[n.name], *_own_cost(n, space)) for n in nodes]


def _own_cost(node: Node, space: Space) -> tuple[Interval, Interval]:
    """What a node merges with and applies; where its size is decided, with all of its sizes."""
    if node.sizes is None:
        first, second, *_ = node_costs(node)
        return Interval(first, first), Interval(second, second)
    entries = (edge for edge in space.edges if edge.source == f"{node.name}.merge")
    applied = [candidate for edge in entries for candidate in edge.candidates]
    parameters = Interval.of(pipeline.parameters for pipeline in applied)
    return parameters, Interval.of(pipeline.macs for pipeline in applied)


def candidate_rows(space: Space) -> list[CandidateRow]:
    """By type, both in the order of the text."""
    found: dict[tuple[str, str | None, Pipeline], list[Pipeline]] = {}
    edges: Counter[tuple[str, str | None, Pipeline]] = Counter()
    order = {type: place for place, type in enumerate(space.edges_by_type)}
    for edge in space.widest.edges:
        sized = space.program.by_name[edge.name].candidates
        for candidate in edge.candidates:
            key = edge.type, edge.contract, attrs.evolve(candidate, ends=(None, None))
            edges[key] += 1
            found.setdefault(key, []).extend(c for c in sized if c.ops == candidate.ops)
    rows = [
        CandidateRow(
            *key,
            edges[key],
            Interval.of(c.parameters for c in same),
            Interval.of(c.macs for c in same),
        )
        for key, same in found.items()
    ]
    return sorted(rows, key=lambda row: order[row.type])


def tied_rows(space: Space) -> list[tuple[Decision, int]]:
    """Choices that have a name, and decisions of several edges, with how many depend on each."""
    shown = {edge.name for edge in space.widest.edges}
    uses = Counter(axis for edge in space.edges if edge.name in shown for axis in edge.axes)
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
    found: dict[tuple[str, Pipeline], list[str]] = {}
    for edge in live_edges(space, architecture):
        candidate = attrs.evolve(architecture.choices[edge.name], ends=(None, None))
        found.setdefault((edge.type, candidate), []).append(edge.name)
    return [(type, candidate, names) for (type, candidate), names in found.items()]


def live_edges(space: Space, architecture: Architecture) -> list[Edge]:
    """Those that the text has."""
    live = set(architecture.live)
    return [edge for edge in space.widest.edges if edge.name in live]


def size_rows(space: Space, architecture: Architecture) -> list[tuple[int | Shape, list[str]]]:
    """Sizes of live nodes that choices decide, with the nodes."""
    found: dict[int | Shape, list[str]] = {}
    for edge in space.edges:
        sizes, shape = space.nodes[edge.target].sizes, architecture.choices[edge.name].ends[1]
        if edge.name in architecture.live and edge.source == f"{edge.target}.merge" and shape:
            size = shape[0] if sizes and sizes.are_of_channels else shape
            found.setdefault(size, []).append(edge.target)
    return list(found.items())
