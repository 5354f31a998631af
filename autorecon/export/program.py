"""What a generator computes, node by node, with its layers by their names in the state dict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property

import attrs

from autorecon.lang import Edge, Node, Op, Pipeline
from autorecon.lang.program.candidates import Step as Typed
from autorecon.lowering.plan import Place
from autorecon.nn import Generator
from autorecon.nn.builders import layer_of
from autorecon.nn.layers import Layer

Names = Mapping[Place, str]


@attrs.frozen
class Call:
    """One operation, and the name that its layer has if it has a state."""

    typed: Typed
    name: str

    @property
    def op(self) -> Op:
        return self.typed.op

    @cached_property
    def layer(self) -> Layer:
        return layer_of(self.typed)


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


def program(net: Generator) -> list[Step]:
    """The live nodes of a generator, in the order that they are computed."""
    space, names = net.space, net.layer_names
    incoming: dict[str, list[Edge]] = defaultdict(list)
    for edge in space.edges:
        if not edge.is_cut and edge.source in space.live and edge.target in space.live:
            incoming[edge.target].append(edge)
    nodes = [space.nodes[name] for name in space.order if name in space.live]
    return [_step(n, incoming[n.name], names) for n in nodes if not n.is_input]


def _step(node: Node, edges: list[Edge], names: Names) -> Step:
    parts = tuple(
        Part(edge.name, edge.source, _calls(edge.candidates[0], (edge.name, 0), names))
        for edge in edges
    )
    return Step(node, parts, _calls(node.then, (node.name, None), names) if node.then else ())


def _calls(candidate: Pipeline, owner: tuple[str, int | None], names: Names) -> tuple[Call, ...]:
    return tuple(
        Call(step, names[Place(*owner, position)]) for position, step in enumerate(candidate.steps)
    )
