"""What super nets and derived generators share: a space's nodes, run in topological order."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

import attrs
import torch
from torch import Tensor, nn

from autorecon.graph import Space
from autorecon.lang import Edge, Label, Node, Pipeline, Shape
from autorecon.lang.check_edges import edge_target
from autorecon.lang.shapes import elements
from autorecon.nn.builders import build_op, merge


class Branch(nn.Module):
    """A place in the tree of module names. Users name nodes as they like, so unlike ModuleDict it
    has no forbidden names."""

    def put(self, name: str, module: nn.Module) -> None:
        self._modules[name] = module

    def branch(self, path: str) -> Branch:
        here = self
        for name in path.split("."):
            if name not in here._modules:
                here.put(name, Branch())
            here = here._modules[name]  # type: ignore[assignment]
        return here


Values = Mapping[str, Tensor]  # of nodes, by name


@attrs.frozen(eq=False)
class Layer:
    """Modules one after the other, registered elsewhere under readable names.

    A module whose operation names a label input gets that label [N] beside x.
    """

    modules: tuple[tuple[nn.Module, str | None], ...]

    def __call__(self, x: Tensor, values: Values) -> Tensor:
        for module, label in self.modules:
            x = module(x) if label is None else module(x, values[label])
        return x


def build_pipeline(pipeline: Pipeline, source: Shape, target: Shape, place: Branch) -> Layer:
    """The module of a pipeline; its operations lie under `place`, named after themselves."""
    shapes = pipeline.shapes(source, target)
    modules = []
    for op, before, after in zip(pipeline.ops, shapes, shapes[1:], strict=False):
        module = build_op(op, before, after, target)
        place.put(_unused(op.name, place), module)
        modules.append((module, op.label))
    return Layer(tuple(modules))


def _unused(name: str, place: Branch) -> str:
    names = (f"{name}_{count}" for count in itertools.count(2))
    return next(n for n in itertools.chain([name], names) if n not in place._modules)


@attrs.define(eq=False)
class Candidate:
    """One candidate of an edge: its pipeline and what computes it."""

    pipeline: Pipeline
    layer: Layer


@attrs.define(eq=False)
class Connection:
    """An edge with the modules of its candidates (`none` has none)."""

    edge: Edge
    candidates: list[Candidate]


@attrs.define(eq=False)
class Step:
    """How one node is computed: its incoming edges, then what it applies."""

    node: Node
    incoming: list[Connection]
    then: Layer | None


class SpaceNet(Branch, ABC):
    """A module called with `(z, y)`: noise [N, latent], labels int64 [N] -> images [N, C, H, W].

    With several noise inputs z is split over them in the order of the text. A space without a label
    input ignores y.
    """

    def __init__(self, space: Space, edges: Iterable[Edge], live: frozenset[str]) -> None:
        super().__init__()
        self.space = space
        self.noise = [n for n in space.program.inputs if n.role == "noise"]
        self.latent = sum(elements(n.shape) for n in self.noise)
        self.classes = _classes(space)
        self._labels = [n.name for n in space.program.inputs if n.role == "label"]
        incoming: dict[str, list[Edge]] = {name: [] for name in space.order}
        for edge in edges:
            incoming[edge.target].append(edge)
        self._steps = [
            self._step(space.nodes[name], incoming[name])
            for name in space.order
            if name in live and not space.nodes[name].is_input
        ]

    def _step(self, node: Node, edges: list[Edge]) -> Step:
        incoming = [self._connection(edge) for edge in edges]
        then = None
        if node.then is not None:
            then = build_pipeline(node.then, node.shape, node.shape, self.branch(node.name))
        return Step(node, incoming, then)

    def _connection(self, edge: Edge) -> Connection:
        source, target = self.space.nodes[edge.source].shape, edge_target(edge, self.space.nodes)
        place = self.branch(edge.name)
        candidates = [self._candidate(c, source, target, place) for c in edge.candidates]
        return Connection(edge, candidates)

    def _candidate(
        self, pipeline: Pipeline, source: Shape, target: Shape, place: Branch
    ) -> Candidate:
        """Its key tells a candidate from the edge's others, in a super net and derived alike."""
        if len(pipeline.ops) > 1:
            layer = build_pipeline(pipeline, source, target, place.branch(pipeline.key))
            return Candidate(pipeline, layer)
        (shape,) = pipeline.shapes(source, target)[1:]
        (op,) = pipeline.ops
        lone = build_op(op, source, shape, target)
        place.put(pipeline.key, lone)
        return Candidate(pipeline, Layer(((lone, op.label),)))

    def _inputs(self, z: Tensor, y: Tensor) -> dict[str, Tensor]:
        parts = z.flatten(1).split([elements(n.shape) for n in self.noise], dim=1)
        values = {n.name: p.unflatten(1, n.shape) for n, p in zip(self.noise, parts, strict=True)}
        return values | dict.fromkeys(self._labels, y)

    def _run(self, z: Tensor, y: Tensor) -> Tensor:
        values = self._inputs(z, y)
        for step in self._steps:
            parts = [
                part
                for connection in step.incoming
                if connection.edge.source in values
                and (part := self._edge(connection, values)) is not None
            ]
            if parts:
                value = merge(step.node.merge, parts)
                values[step.node.name] = step.then(value, values) if step.then else value
        return values[self.space.output.name]

    @abstractmethod
    def _edge(self, connection: Connection, values: Values) -> Tensor | None:
        """What an edge brings to its target, or None when it brings nothing. `values` hold its
        source's and the labels'."""

    def example_inputs(
        self, batch: int, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Noise z ~ N(0, 1) [batch, latent], uniform labels y [batch], on the module's device."""
        device = next(self.parameters(), torch.empty(0)).device
        z = torch.randn(batch, self.latent, generator=generator)
        y = torch.randint(self.classes, (batch,), generator=generator)
        return z.to(device), y.to(device)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        channels, height, width = self.space.output.shape
        return channels, height, width


def _classes(space: Space) -> int:
    for node in space.program.inputs:
        if isinstance(node.shape, Label):
            return node.shape.classes
    declared = space.parameters.get("classes", 1)
    return int(declared)
