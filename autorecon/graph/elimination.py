"""The order in which the frontier programme takes the nodes: few statuses open at any time."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

from autorecon.lang import Edge, Program
from autorecon.lang.check_graph import topological_order

# The greedy search is quadratic; a larger space takes its nodes from inputs to output.
MAX_EDGES = 2_000


def elimination_order(program: Program, statuses: Mapping[str, int]) -> list[str]:
    """All nodes, so ordered that the frontier stays small; `statuses` counts each node's."""
    if len(program.edges) > MAX_EDGES:
        return topological_order(program.nodes, program.edges)
    sizes = {name: math.log2(count) for name, count in statuses.items()}
    neighbours = _neighbours(program.edges)
    starts = [*(node.name for node in program.inputs), program.output.name]
    return min((_greedy(start, neighbours, sizes) for start in starts), key=lambda o: o[0])[1]


def _neighbours(edges: Iterable[Edge]) -> dict[str, list[str]]:
    neighbours = defaultdict(list)
    for edge in edges:
        neighbours[edge.source].append(edge.target)
        neighbours[edge.target].append(edge.source)
    return neighbours


def _greedy(
    start: str, neighbours: Mapping[str, list[str]], sizes: Mapping[str, float]
) -> tuple[float, list[str]]:
    """Always the neighbour that widens the frontier least; with the estimated work."""
    waiting = {name: len(around) for name, around in neighbours.items()}
    candidates, order, seen = {start: None}, [], set()
    width = work = 0.0

    def growth(name: str) -> float:
        leaving = (n for n in neighbours[name] if n in seen and waiting[n] == 1)
        return (sizes[name] if waiting[name] else 0.0) - sum(sizes[n] for n in leaving)

    while candidates:
        # One that does not widen it is as good as any.
        name = next((n for n in candidates if growth(n) <= 0), None) or min(candidates, key=growth)
        work += 2 ** (width + sizes[name])
        width += growth(name)
        del candidates[name]
        seen.add(name)
        order.append(name)
        for neighbour in neighbours[name]:
            waiting[neighbour] -= 1
            if neighbour not in seen:
                candidates[neighbour] = None
    return work, order
