"""How values flow through nodes and edges: what reaches what, in which order, and which shape an
edge is to give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from autorecon.lang.operations.merges import Shapes
from autorecon.lang.operations.shapes import Shape
from autorecon.lang.program.candidates import Ends
from autorecon.lang.program.edges import Edge
from autorecon.lang.program.nodes import Node


def label_reads(
    nodes: Mapping[str, Node], edges: Iterable[Edge]
) -> list[tuple[str, tuple[str, ...]]]:
    """Label inputs that operations name, each with the nodes that such an operation lies between:
    a conditional norm depends on a label to which no edge leads."""
    reads = [(y, (n.name,)) for n in nodes.values() if n.then for y in n.then.labels]
    return reads + [
        (y, (e.source, e.target)) for e in edges for c in e.candidates for y in c.labels
    ]


def live_nodes(nodes: Mapping[str, Node], edges: Iterable[Edge]) -> set[str]:
    """Nodes on a path from an input to the output over the given edges, and labels that these
    nodes and edges read."""
    edges = list(edges)
    inputs = {n.name for n in nodes.values() if n.is_input}
    outputs = {n.name for n in nodes.values() if n.role == "output"}
    forward = reach(inputs, ((e.source, e.target) for e in edges))
    live = forward & reach(outputs, ((e.target, e.source) for e in edges))
    return live | {y for y, readers in label_reads(nodes, edges) if live.issuperset(readers)}


def reach(start: Collection[str], pairs: Iterable[tuple[str, str]]) -> set[str]:
    following = defaultdict(list)
    for a, b in pairs:
        following[a].append(b)
    seen, waiting = set(start), list(start)
    while waiting:
        for name in following[waiting.pop()]:
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen


def origin(nodes: Mapping[str, Node]) -> str:
    """The role of what images are made of: the noise, or the label where there is none."""
    return "noise" if any(n.role == "noise" for n in nodes.values()) else "label"


def is_cut(nodes: Mapping[str, Node], edges: Iterable[Edge], role: str | None = None) -> bool:
    """Whether over the given edges the output depends on no input of this role, or of what images
    are made of."""
    inputs = {n.name for n in nodes.values() if n.role == (role or origin(nodes))}
    return not inputs & live_nodes(nodes, edges)


def topological_order(nodes: Mapping[str, Node], edges: Iterable[Edge]) -> list[str]:
    """Nodes with every edge's source before its target; stops short at a cycle.

    Among nodes that are ready, the order of declaration decides, so the order is stable.
    """
    waiting = dict.fromkeys(nodes, 0)
    following = defaultdict(list)
    for edge in edges:
        waiting[edge.target] += 1
        following[edge.source].append(edge.target)
    order = [name for name, count in waiting.items() if count == 0]
    for name in order:
        for target in following[name]:
            waiting[target] -= 1
            if waiting[target] == 0:
                order.append(target)
    return order


def edge_target(
    edge: Edge,
    nodes: Mapping[str, Node],
    before: Shapes,
    sizes: Ends = (None, None),
) -> Shape:
    """The shape that open arguments take, where the node's edges `before` bring these: the node's,
    or what its merge wants of the edge. `sizes` are the shapes of both ends, where decided."""
    source, target = (nodes[name] for name in (edge.source, edge.target))
    return target.merge.wants(before, sizes[0] or source.shape, sizes[1] or target.shape)
