"""Every shipped space compiles to a net of the counted size that trains."""

from __future__ import annotations

import pytest
import torch

import autorecon
from autorecon.lang import declared_parameters, shipped_spaces
from autorecon.lang.syntax.parse import read_source

# Small where the space lets it be; the rest keeps its defaults.
SMALL = {"size": 16, "width": 8, "classes": 3, "channels": 1, "latent": 10}


def small(name: str) -> autorecon.Space:
    declared = set(declared_parameters(read_source(shipped_spaces()[name])))
    return autorecon.load(name, **{k: v for k, v in SMALL.items() if k in declared})


@pytest.mark.parametrize("name", shipped_spaces())
def test_compiles_and_trains(name):
    space = small(name)
    if space.is_genotype:
        net = autorecon.generator(space, seed=0)
        assert sum(p.numel() for p in net.parameters()) == space.cost.parameters.max
    else:
        net = autorecon.supernet(space, seed=0)
    z, y = net.example_inputs(3)
    images = net(z, y)
    assert images.shape == (3, 1, 16, 16)
    images.square().mean().backward()
    missing = [
        n for n, p in net.named_parameters() if p.grad is None or not p.grad.isfinite().all()
    ]
    assert not missing


@pytest.mark.parametrize("name", ["gdfq-imagenet", "paper-norm-inside"])
def test_conditional_norms_tell_classes_apart_once_they_are_trained(name):
    net = autorecon.supernet(small(name), seed=0)
    z, y = net.example_inputs(6)
    before = net(z, y)
    assert torch.equal(before, net(z, (y + 1) % 3))
    with torch.no_grad():
        for key, p in net.named_parameters():
            if key.endswith("beta.weight"):
                p.copy_(torch.randn(p.shape))
    assert not torch.allclose(net(z, y), net(z, (y + 1) % 3), atol=1e-3)
