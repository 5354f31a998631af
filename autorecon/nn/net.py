"""What super nets and derived generators share: the modules of a space, run by a plan."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from autorecon.graph import Space
from autorecon.graph.unfolded import in_super_net
from autorecon.lang import Label, Node
from autorecon.lang.operations.invocation import Invocation
from autorecon.lang.operations.shapes import elements
from autorecon.lowering import Kept, Plan, lower, optimise
from autorecon.lowering.plan import Apply, Join, Place
from autorecon.nn.builders import build_op, constant
from autorecon.nn.executor import Run
from autorecon.nn.mixture import Mixture, Scalars
from autorecon.nn.transfer import sent


class NameClash(ValueError):
    """Two things at one place in the tree of module names: the weights of one would be lost."""

    exit_code = 2

    def __init__(self, name: str) -> None:
        super().__init__(
            f"two things would have the name `{name}` at one place in the net's state dict: rename "
            "the node, block instance, choice or operation that is called so"
        )


class InputMisfit(ValueError):
    """Noise or labels of another shape or kind than a net takes."""

    exit_code = 1


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

    With several noise inputs z is split over them in the order of the text; without any its latent
    is 0, and None will do. A space without a label input ignores y, which may be left out. Raises
    InputMisfit.
    """

    def __init__(self, space: Space, fuse: bool) -> None:
        super().__init__()
        self.space, self.fuse = space, fuse
        self.noise = [n for n in space.program.inputs if n.role == "noise"]
        self.latent = sum(elements(n.shape) for n in self.noise)
        self.classes = _classes(space)
        self._labels = [n.name for n in space.program.inputs if n.role == "label"]
        self._places: dict[Place, nn.Module] = {}
        self._edges = {edge.name: edge for edge in space.unfolded.edges}
        for edge in space.unfolded.edges:  # by the name of their weights, too
            self._edges.setdefault(edge.weights_of or edge.name, edge)
        plan = lower(space)
        for step in plan.steps:
            if isinstance(step, Apply | Join):
                self._places[step.place] = self._built(step)
        self.constants = {
            n.name: self._constant(n)
            for n in space.program.inputs
            if n.role == "param" and n.name in plan.uses
        }

    def _constant(self, node: Node) -> nn.Module:
        module = constant(node).module()
        self.put(node.name, module)
        return module

    def _built(self, step: Apply | Join) -> nn.Module:
        """Its module, or that of another edge which has the same weights; what has no weights is
        the edge's own, since a resize depends on the resolution."""
        owner = self._owner(step.place)
        if owner in self._places and self._places[owner].state_dict():
            return self._places[owner]
        module = build_op(step.typed)
        place = owner if module.state_dict() else step.place
        branch, name = self._named(place, step.op)
        branch.put(name, module)
        self._places[place] = module
        return module

    def _owner(self, place: Place) -> Place:
        """Where the weights of a place are called after."""
        owner = self._edges.get(place.owner) or self.space.unfolded.nodes.get(place.owner)
        return place._replace(owner=owner.weights_of) if owner and owner.weights_of else place

    def _named(self, place: Place, op: Invocation) -> tuple[Branch, str]:
        """A candidate's key tells it from the edge's others, in a super net and derived alike."""
        branch = self.branch(place.owner)
        if place.candidate is None:
            return branch, _unused(op.name, branch)
        candidate = self._edges[place.owner].candidates[place.candidate]
        if len(candidate.ops) == 1:
            return branch, candidate.key
        within = branch.branch(candidate.key)
        return within, _unused(op.name, within)

    def _plan(self, kept: Kept | None = None) -> Plan:
        plan = lower(self.space, kept)
        return optimise(plan) if self.fuse else plan

    def _run(self, plan: Plan, z: Tensor | None, y: Tensor | None, mixture: Mixture) -> Tensor:
        return Run(self._places, Scalars(mixture), self._inputs(z, y))(plan)

    def _inputs(self, z: Tensor | None, y: Tensor | None) -> dict[str, Tensor]:
        values = self._labelled(y)
        if self.noise:
            values |= self._split(z)
        like = next(iter(values.values()))
        return values | {name: module(like) for name, module in self.constants.items()}

    def _labelled(self, y: Tensor | None) -> dict[str, Tensor]:
        if not self._labels:
            return {}
        if y is None or y.ndim != 1 or y.is_floating_point():
            given = "none" if y is None else f"{y.dtype} {[*y.shape]}".removeprefix("torch.")
            kind = f"whole numbers [N] from 0 to {self.classes - 1}"
            raise InputMisfit(f"labels are {kind}, not {given}: `net(z, y)`")
        return dict.fromkeys(self._labels, y)

    def _split(self, z: Tensor | None) -> dict[str, Tensor]:
        if z is None or z.ndim < 2 or z.shape[1:].numel() != self.latent:
            given = "None" if z is None else str([*z.shape])
            raise InputMisfit(f"noise is [N, {self.latent}] here, not {given}")
        parts = z.flatten(1).split([elements(n.shape) for n in self.noise], dim=1)
        return {n.name: p.unflatten(1, n.shape) for n, p in zip(self.noise, parts, strict=True)}

    def example_inputs(
        self, batch: int, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Noise z ~ N(0, 1) [batch, latent], uniform labels y [batch], on the module's device."""
        device = next(self.parameters(), torch.empty(0)).device
        z = torch.randn(batch, self.latent, generator=generator)
        y = torch.randint(self.classes, (batch,), generator=generator)
        return sent(z, device), sent(y, device)

    @property
    def layer_names(self) -> dict[Place, str]:
        """Under which name in the state dict the module of each operation is."""
        names = {id(module): name for name, module in self.named_modules()}
        return {place: names[id(module)] for place, module in self._places.items()}

    @property
    def sliced(self) -> list[str]:
        """Layers whose weights, for the sizes that are chosen, are slices of larger ones."""
        nodes = self.space.nodes.values()
        sized = {node.name for node in nodes if node.sizes and node.sizes.are_sliced}
        around = {n: {e.source, e.target} for n, e in self._edges.items()}
        return [
            name
            for place, name in self.layer_names.items()
            if sized & around.get(place.owner, {place.owner}) and self._places[place].state_dict()
        ]

    @property
    def apart(self) -> dict[str, str]:
        """Of a genotype, layers that have another name in the super net, as their weights are those
        of a size alone; each with that name."""
        found = {}
        for place, name in self.layer_names.items():
            owner = self._owner(place).owner
            if name.startswith(f"{owner}."):
                found[name] = in_super_net(owner, self.space.program) + name[len(owner) :]
        return {name: other for name, other in found.items() if name != other}

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
