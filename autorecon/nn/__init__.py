"""Compiled spaces: super nets and derived generators as torch modules.

In comes a Space, out comes a net: its modules are those of the plan before any pass, called by
their names in the text, and it runs the plan after all passes.
"""

from __future__ import annotations

from typing import TypeVar

import torch

from autorecon.graph import Space
from autorecon.nn.compute import Compute, at_least_float32
from autorecon.nn.generator import Generator
from autorecon.nn.mixture import Mixture, OneCandidate, Sampled, SomeCandidates, edge_mixture
from autorecon.nn.supernet import SuperNet
from autorecon.nn.weights import Weights, WeightsError, take_over

Net = TypeVar("Net", Generator, SuperNet)

__all__ = [
    "Compute",
    "Generator",
    "Mixture",
    "OneCandidate",
    "Sampled",
    "SomeCandidates",
    "SuperNet",
    "WeightsError",
    "at_least_float32",
    "edge_mixture",
    "generator",
    "supernet",
]


def supernet(space: Space, *, seed: int | None = None, fuse: bool = True) -> SuperNet:
    """Compile a space to its super net. With `seed` the weights are the same every time, and
    torch's global random state is left as it was.

    `fuse=False` computes every candidate of every edge by itself: the same parameters and, up to
    rounding, the same images and gradients. Hooks on fused candidates' modules are not called.
    """
    return _seeded(SuperNet, space, seed, fuse)


def generator(
    space: Space,
    *,
    seed: int | None = None,
    fuse: bool = True,
    weights_from: Weights | None = None,
) -> Generator:
    """Compile a genotype, or a space of size 1, to a generator; SpaceError if choices are open.
    `seed` and `fuse` as for a super net.

    With `weights_from`, a super net of the space that the genotype is of, another generator or a
    state dict, its tensors are copies of those of their names; WeightsError where they do not fit.
    """
    net = _seeded(Generator, space, seed, fuse)
    if weights_from is not None:
        take_over(net, weights_from, net.sliced, net.apart)
    return net


def _seeded(kind: type[Net], space: Space, seed: int | None, fuse: bool) -> Net:
    if seed is None:
        return kind(space, fuse=fuse)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return kind(space, fuse=fuse)
