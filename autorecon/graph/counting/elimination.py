"""The order in which the frontier programme takes the nodes: few statuses open at any time."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from autorecon.graph.counting.node_status import IN, OUT, variety
from autorecon.lang import Edge, Program
from autorecon.lang.program.flow import topological_order

# The greedy search is quadratic; a larger space takes its nodes from inputs to output.
MAX_EDGES = 2_000
MAX_WIDTH = 500.0  # bits of a state, past which all orders are equally hopeless

Statuses = Mapping[str, Sequence[int]]


def elimination_order(program: Program, initial: Statuses) -> list[str]:
    """All nodes, so ordered that the frontier has few states; `initial`: what each can be."""
    forward = topological_order(program.nodes, program.edges)
    if len(program.edges) > MAX_EDGES:
        return forward
    neighbours = _neighbours(program.edges)
    sizes = {name: math.log2(variety(statuses)) for name, statuses in initial.items()}
    starts = [*(node.name for node in program.inputs), program.output.name]
    orders = [forward, forward[::-1], *(_greedy(start, neighbours, sizes) for start in starts)]
    return min(orders, key=lambda order: _work(order, program.edges, initial))


def _neighbours(edges: Iterable[Edge]) -> dict[str, list[str]]:
    neighbours = defaultdict(list)
    for edge in edges:
        neighbours[edge.source].append(edge.target)
        neighbours[edge.target].append(edge.source)
    return neighbours


def _greedy(
    start: str, neighbours: Mapping[str, list[str]], sizes: Mapping[str, float]
) -> list[str]:
    """Always the neighbour that widens the frontier least."""
    waiting = {name: len(around) for name, around in neighbours.items()}
    candidates = {start: None}
    order: dict[str, None] = {}

    def growth(name: str) -> float:
        leaving = (n for n in neighbours[name] if n in order and waiting[n] == 1)
        return (sizes[name] if waiting[name] else 0.0) - sum(sizes[n] for n in leaving)

    while candidates:
        # One that does not widen it is as good as any.
        name = next((n for n in candidates if growth(n) <= 0), None) or min(candidates, key=growth)
        del candidates[name]
        order[name] = None
        for neighbour in neighbours[name]:
            waiting[neighbour] -= 1
            if neighbour not in order:
                candidates[neighbour] = None
    return list(order)


def _work(order: Sequence[str], edges: Sequence[Edge], initial: Statuses) -> float:
    """An estimate of the states over all steps, as if the nodes of a frontier were independent."""
    place = {name: index for index, name in enumerate(order)}
    undecided = Counter(end for e in edges for end in ((e.source, OUT), (e.target, IN)))
    later = defaultdict(list)
    for edge in edges:
        later[max(place[edge.source], place[edge.target])].append(edge)
    widths: dict[str, float] = {}
    work = 0.0
    for index, name in enumerate(order):
        widths[name] = math.log2(variety(initial[name]))
        work += 2 ** min(sum(widths.values()), MAX_WIDTH) * len(later[index])
        for edge in later[index]:
            undecided.subtract(((edge.source, OUT), (edge.target, IN)))
            for end in (edge.source, edge.target):
                open_ends = IN * (undecided[end, IN] > 0) | OUT * (undecided[end, OUT] > 0)
                widths[end] = math.log2(variety(initial[end], open_ends)) if open_ends else 0.0
    return work
