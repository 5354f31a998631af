"""How much memory a search will need at most, found on a few samples before it starts."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random

import attrs
import torch
from torch import Tensor, nn

from autorecon.graph import Space
from autorecon.graph.sampling.sample import sample
from autorecon.lowering.memory import workspace
from autorecon.nn import Compute, Mixture, Sampled, SomeCandidates, SuperNet, edge_mixture
from autorecon.nn.kept import ADAM, HELD, Kept, mib
from autorecon.objective import Request, TeacherView
from autorecon.search.catalogue import EVERY, STRATEGIES, TWO
from autorecon.search.config import SearchConfig
from autorecon.search.samples import MAX_DRAWS, one_path

ARCHITECTURES = 4  # of which the largest counts, where a strategy does not compute all at once


@attrs.frozen
class Memory:
    """Bytes in use at the worst moment of a step: all parts are there at once but teacher and
    workspace, of which the larger counts. `total` is what that takes of the machine."""

    weights: int  # with gradients and the optimiser's moments
    activations: int
    teacher: int
    workspace: int

    @property
    def total(self) -> int:
        used = self.weights + self.activations + max(self.teacher, self.workspace)
        return round(HELD * used)

    @property
    def text(self) -> str:
        parts = {
            "weights with gradients and moments": self.weights,
            "activations": self.activations,
            "teacher": self.teacher,
            "workspace": self.workspace,
        }
        shown = ", ".join(f"{name} {mib(size)}" for name, size in parts.items())
        return f"needs about {mib(self.total)} of memory beside torch itself ({shown})"


def estimate(
    net: SuperNet,
    teacher: nn.Module,
    config: SearchConfig,
    compute: Compute = Compute(),
) -> Memory:
    """Of a search with these settings; net and teacher stay as they are."""
    return estimates(net, teacher, config, compute)(config.batch)


def estimates(
    net: SuperNet,
    teacher: nn.Module,
    config: SearchConfig,
    compute: Compute = Compute(),
) -> Callable[[int], Memory]:
    """By the size of a batch, which takes the place of the settings' own.

    What backward keeps is counted on 2 and on 4 samples, which tells what each further one adds.
    """
    twin, view = copy.deepcopy(net).train(), TeacherView(copy.deepcopy(teacher), compute)
    for placed in (twin, view.teacher):
        compute.place(placed)
    mixtures = _mixtures(net.space, config)
    small, large = (_kept(twin, view, mixtures, batch) for batch in (2, 4))
    each = [(b - a) // 2 for a, b in zip(small, large, strict=True)]
    weights = sum(p.numel() * p.element_size() for p in net.parameters())
    plans = [twin.plan(mixture) for mixture in mixtures]
    size = 2 if compute.bf16 else next(net.parameters()).element_size()

    def at(batch: int) -> Memory:
        kept = [a + (batch - 2) * rise for a, rise in zip(small, each, strict=True)]
        held = max(workspace(plan, batch) for plan in plans)
        return Memory((2 + ADAM) * weights, kept[0], kept[1], held * size)

    return at


def _mixtures(space: Space, config: SearchConfig) -> list[Mixture]:
    random, found, holds = Random(0), list[Mixture](), STRATEGIES[config.strategy].holds
    if holds == EVERY:
        return [edge_mixture(space, _even(space))]
    if holds == TWO:
        return [edge_mixture(space, _pairs(space, random)) for _ in range(ARCHITECTURES)]
    for _ in range(MAX_DRAWS):
        picks = sample(space, random)
        if space.liveness.is_valid(picks):
            found.append(edge_mixture(space, one_path(space, picks)))
        if len(found) == ARCHITECTURES:
            break
    return found


def _even(space: Space) -> dict[str, Tensor]:
    even = {d.name: torch.full((len(d.options),), 1 / len(d.options)) for d in space.decisions}
    return {name: p.requires_grad_() for name, p in even.items()}


def _pairs(space: Space, random: Random) -> Sampled:
    """Two options a decision."""
    even = _even(space)
    drawn = {name: sorted(random.sample(range(len(p)), 2)) for name, p in even.items()}
    return {name: SomeCandidates(tuple(pair), even[name]) for name, pair in drawn.items()}


def _kept(net: SuperNet, view: TeacherView, mixtures: list[Mixture], batch: int) -> tuple[int, int]:
    """Bytes that backward keeps of the net and of the teacher, each storage once."""
    most = (0, 0)
    z, y = net.example_inputs(batch, torch.Generator().manual_seed(0))
    for mixture in mixtures:
        notes = Kept(net), Kept(view.teacher)
        with notes[0].taken():
            images = view.compute(net, z, y, mixture)
        with notes[1].taken():
            seen = view(images, Request(y, noise=z))
        most = max(most, (notes[0].bytes, notes[1].bytes), key=sum)
        del seen
    return most
