"""What a generator computes, node by node, with its layers by their names in the state dict."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

import attrs

from autorecon.graph import Space
from autorecon.lang import Edge, Node, Op, Pipeline, Shape
from autorecon.lang.check_edges import edge_target


@attrs.frozen
class Call:
    """One operation, between the shapes around it (without the batch axis)."""

    op: Op
    layer: str
    before: Shape
    after: Shape


@attrs.frozen
class Part:
    """What an edge brings to its target."""

    edge: str
    source: str
    calls: tuple[Call, ...]


@attrs.frozen
class Step:
    """A node merges its parts, then applies operations of its own."""

    node: Node
    parts: tuple[Part, ...]
    then: tuple[Call, ...]

    @property
    def calls(self) -> Iterator[Call]:
        for part in self.parts:
            yield from part.calls
        yield from self.then


def program(space: Space) -> list[Step]:
    """The live nodes of a space whose choices are all made, in the order that they are computed."""
    incoming: dict[str, list[Edge]] = defaultdict(list)
    for edge in space.edges:
        if not edge.is_cut and edge.source in space.live and edge.target in space.live:
            incoming[edge.target].append(edge)
    nodes = [space.nodes[name] for name in space.order if name in space.live]
    return [_step(space, node, incoming[node.name]) for node in nodes if not node.is_input]


def _step(space: Space, node: Node, edges: list[Edge]) -> Step:
    parts = tuple(Part(edge.name, edge.source, _edge_calls(space, edge)) for edge in edges)
    then = () if node.then is None else _calls(node.then, node.shape, node.shape, node.name)
    return Step(node, parts, then)


def _edge_calls(space: Space, edge: Edge) -> tuple[Call, ...]:
    source, target = space.nodes[edge.source].shape, edge_target(edge, space.nodes)
    (chosen,) = edge.candidates
    if len(chosen.ops) > 1:
        return _calls(chosen, source, target, f"{edge.name}.{chosen.key}")
    return (Call(chosen.ops[0], f"{edge.name}.{chosen.key}", *chosen.shapes(source, target)),)


def _calls(pipeline: Pipeline, source: Shape, target: Shape, place: str) -> tuple[Call, ...]:
    shapes, seen, calls = pipeline.shapes(source, target), Counter[str](), []
    for op, before, after in zip(pipeline.ops, shapes, shapes[1:], strict=False):
        seen[op.name] += 1
        again = f"_{seen[op.name]}" if seen[op.name] > 1 else ""
        calls.append(Call(op, f"{place}.{op.name}{again}", before, after))
    return tuple(calls)
