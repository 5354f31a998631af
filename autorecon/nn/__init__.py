"""Compiled spaces: super nets and derived generators as torch modules."""

from __future__ import annotations

from typing import TypeVar

import torch

from autorecon.graph import Space
from autorecon.nn.generator import Generator
from autorecon.nn.mixture import Mixture, OneCandidate, Sampled, edge_mixture
from autorecon.nn.supernet import SuperNet

Net = TypeVar("Net", Generator, SuperNet)

__all__ = [
    "Generator",
    "Mixture",
    "OneCandidate",
    "Sampled",
    "SuperNet",
    "edge_mixture",
    "generator",
    "supernet",
]


def supernet(space: Space, *, seed: int | None = None) -> SuperNet:
    """Compile a space to its super net. With `seed` the weights are the same every time, and
    torch's
    global random state is left as it was."""
    return _seeded(SuperNet, space, seed)


def generator(space: Space, *, seed: int | None = None) -> Generator:
    """Compile a genotype, or a space of size 1, to a generator; SpaceError if choices are open."""
    return _seeded(Generator, space, seed)


def _seeded(kind: type[Net], space: Space, seed: int | None) -> Net:
    if seed is None:
        return kind(space)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return kind(space)
