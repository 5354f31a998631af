"""What super nets and derived generators share: the modules of a space, run by a plan."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from autorecon.graph import Space
from autorecon.lang import Edge, Label, Node, Pipeline, Shape
from autorecon.lang.check_edges import edge_target
from autorecon.lang.shapes import elements
from autorecon.lowering import Kept, Plan, lower, optimise
from autorecon.lowering.plan import Place
from autorecon.nn.builders import build_op
from autorecon.nn.executor import Run
from autorecon.nn.mixture import Mixture, Scalars


class NameClash(ValueError):
    """Two things at one place in the tree of module names: the weights of one would be lost."""

    exit_code = 2

    def __init__(self, name: str) -> None:
        super().__init__(
            f"two things would have the name `{name}` at one place in the net's state dict: rename "
            "the node, block instance, choice or operation that is called so"
        )


class Branch(nn.Module):
    """A place in the tree of module names. Users name nodes as they like, so unlike ModuleDict it
    has no forbidden names."""

    def __setattr__(self, name: str, value: object) -> None:
        # Of its own: what it holds is put there, and may have the name of any attribute.
        object.__setattr__(self, name, value)

    def put(self, name: str, module: nn.Module) -> None:
        """Hold a module; raises NameClash."""
        if name in self._modules:
            raise NameClash(name)
        self._modules[name] = module

    def put_parameter(self, name: str, parameter: nn.Parameter) -> None:
        """Hold a parameter; raises NameClash."""
        if name in self._parameters:
            raise NameClash(name)
        self._parameters[name] = parameter

    def parameter(self, name: str) -> nn.Parameter:
        found = self._parameters[name]
        assert found is not None
        return found

    def branch(self, path: str) -> Branch:
        """The place of this path, with dots between its names; raises NameClash."""
        here = self
        for name in path.split("."):
            if name not in here._modules:
                here.put(name, Branch())
            found = here._modules[name]
            if not isinstance(found, Branch):
                raise NameClash(name)
            here = found
        return here


def _unused(name: str, place: Branch) -> str:
    names = (f"{name}_{count}" for count in itertools.count(2))
    return next(n for n in itertools.chain([name], names) if n not in place._modules)


class SpaceNet(Branch):
    """A module called with `(z, y)`: noise [N, latent], labels int64 [N] -> images [N, C, H, W].

    With several noise inputs z is split over them in the order of the text. A space without a label
    input ignores y.
    """

    def __init__(
        self, space: Space, edges: Iterable[Edge], live: frozenset[str], fuse: bool
    ) -> None:
        super().__init__()
        self.space, self.fuse = space, fuse
        self.noise = [n for n in space.program.inputs if n.role == "noise"]
        self.latent = sum(elements(n.shape) for n in self.noise)
        self.classes = _classes(space)
        self._labels = [n.name for n in space.program.inputs if n.role == "label"]
        self._places: dict[Place, nn.Module] = {}
        incoming: dict[str, list[Edge]] = {name: [] for name in space.order}
        for edge in edges:
            incoming[edge.target].append(edge)
        for name in space.order:
            if name in live and not space.nodes[name].is_input:
                self._build(space.nodes[name], incoming[name])

    def _build(self, node: Node, edges: Iterable[Edge]) -> None:
        for edge in edges:
            self._build_edge(edge)
        if node.then is not None:
            place = self.branch(node.name)
            self._build_pipeline(node.then, node.shape, node.shape, place, (node.name, None))

    def _build_edge(self, edge: Edge) -> None:
        """The modules of an edge, unless those of another that has the same weights are there."""
        owner = edge.weights_of or edge.name
        if Place(owner, 0, 0) not in self._places:
            self._build_candidates(edge, owner)
        if owner != edge.name:
            self._share_candidates(edge, owner)

    def _share_candidates(self, edge: Edge, owner: str) -> None:
        """What has no weights is the edge's own: a resize depends on the resolution."""
        source, target = self.space.nodes[edge.source].shape, edge_target(edge, self.space.nodes)
        for index, candidate in enumerate(edge.candidates):
            shapes = candidate.shapes(source, target)
            pairs = zip(candidate.ops, shapes, shapes[1:], strict=False)
            for position, (op, before, after) in enumerate(pairs):
                module = self._places[Place(owner, index, position)]
                if not module.state_dict():
                    module = build_op(op, before, after, target)
                    place = self.branch(edge.name).branch(candidate.key)
                    place.put(_unused(op.name, place), module)
                self._places[Place(edge.name, index, position)] = module

    def _build_candidates(self, edge: Edge, name: str) -> None:
        """A candidate's key tells it from the edge's others, in a super net and derived alike."""
        source, target = self.space.nodes[edge.source].shape, edge_target(edge, self.space.nodes)
        place = self.branch(name)
        for index, candidate in enumerate(edge.candidates):
            owner = (name, index)
            if len(candidate.ops) > 1:
                within = place.branch(candidate.key)
                self._build_pipeline(candidate, source, target, within, owner)
                continue
            (shape,) = candidate.shapes(source, target)[1:]
            lone = build_op(candidate.ops[0], source, shape, target)
            place.put(candidate.key, lone)
            self._places[Place(*owner, 0)] = lone

    def _build_pipeline(
        self,
        pipeline: Pipeline,
        source: Shape,
        target: Shape,
        place: Branch,
        owner: tuple[str, int | None],
    ) -> None:
        """Its operations' modules lie under `place`, named after themselves."""
        shapes = pipeline.shapes(source, target)
        pairs = zip(pipeline.ops, shapes, shapes[1:], strict=False)
        for position, (op, before, after) in enumerate(pairs):
            module = build_op(op, before, after, target)
            place.put(_unused(op.name, place), module)
            self._places[Place(*owner, position)] = module

    def _plan(self, kept: Kept | None = None) -> Plan:
        plan = lower(self.space, kept)
        return optimise(plan) if self.fuse else plan

    def _run(self, plan: Plan, z: Tensor, y: Tensor, mixture: Mixture) -> Tensor:
        return Run(self._places, Scalars(mixture), self._inputs(z, y))(plan)

    def _inputs(self, z: Tensor, y: Tensor) -> dict[str, Tensor]:
        parts = z.flatten(1).split([elements(n.shape) for n in self.noise], dim=1)
        values = {n.name: p.unflatten(1, n.shape) for n, p in zip(self.noise, parts, strict=True)}
        return values | dict.fromkeys(self._labels, y)

    def example_inputs(
        self, batch: int, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Noise z ~ N(0, 1) [batch, latent], uniform labels y [batch], on the module's device."""
        device = next(self.parameters(), torch.empty(0)).device
        z = torch.randn(batch, self.latent, generator=generator)
        y = torch.randint(self.classes, (batch,), generator=generator)
        return z.to(device), y.to(device)

    @property
    def layer_names(self) -> dict[Place, str]:
        """Under which name in the state dict the module of each operation is."""
        names = {id(module): name for name, module in self.named_modules()}
        return {place: names[id(module)] for place, module in self._places.items()}

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
