"""bfloat16 and channels_last: the same nets up to rounding, with float32 at both ends."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import autorecon
from autorecon.lang import declared_parameters, shipped_spaces
from autorecon.lang.syntax.parse import read_source
from autorecon.lowering import lower, optimise
from autorecon.lowering.plan import Convolve
from autorecon.nn import Compute, at_least_float32

SMALL = {"size": 16, "width": 8, "classes": 3, "channels": 1, "latent": 10}
EXACT, BF16, LAST = Compute(), Compute(bf16=True), Compute(channels_last=True)


def small(name):
    declared = set(declared_parameters(read_source(shipped_spaces()[name])))
    return autorecon.load(name, **{k: v for k, v in SMALL.items() if k in declared})


def observed(space, compute, fuse=True, dtype=torch.float32):
    """Images, gradients of all parameters and running statistics, each as one vector."""
    build = autorecon.generator if space.is_genotype else autorecon.supernet
    net = build(space, seed=0, fuse=fuse).to(dtype)
    compute.place(net)
    z, y = net.example_inputs(8, torch.Generator().manual_seed(1))
    images = compute(net, z.to(dtype), y)
    direction = torch.randn(images.shape, generator=torch.Generator().manual_seed(2))
    (images * direction).sum().backward()
    gradients = [p.grad.flatten() for p in net.parameters() if p.grad is not None]
    statistics = [b.flatten() for b in net.buffers() if b.is_floating_point()]
    empty = [torch.zeros(0, dtype=dtype)]
    found = {"images": images.detach().flatten(), "gradients": torch.cat(gradients)}
    return found | {"statistics": torch.cat(statistics + empty)}


def distance(one, other):
    return float((one - other).norm() / other.norm().clamp_min(1e-6))


@pytest.mark.parametrize("name", shipped_spaces())
def test_bf16_is_as_near_as_plain_bf16(name):
    """Rounding adds up from layer to layer, with or without fusion; fusing must not add to it."""
    space = small(name)
    exact, fused, plain = (
        observed(space, compute, fuse)
        for compute, fuse in ((EXACT, True), (BF16, True), (BF16, False))
    )
    for what, value in exact.items():
        assert fused[what].dtype == torch.float32
        assert fused[what].isfinite().all()
        allowed = 0.02 + 1.5 * distance(plain[what], value)
        assert distance(fused[what], value) < allowed, what


def test_spectra_in_bf16():
    space = autorecon.load("paper", width=32, size=16, classes=3, channels=1, latent=10)
    steps = optimise(lower(space)).steps
    assert any(isinstance(step, Convolve) and step.fourier for step in steps)
    exact, rounded = (observed(space, compute) for compute in (EXACT, BF16))
    assert 1e-4 < distance(rounded["images"], exact["images"]) < 0.02


@pytest.mark.parametrize("name", ["paper", "gdfq-cifar"])
def test_channels_last_is_exact(name):
    space = small(name)
    exact, other = (observed(space, compute, dtype=torch.float64) for compute in (EXACT, LAST))
    for what, value in exact.items():
        torch.testing.assert_close(other[what], value, atol=1e-10, rtol=1e-10)


def test_placing_orders_the_weights_and_back():
    net = nn.Conv2d(4, 4, 3)
    before = net.weight.detach().clone()
    LAST.place(net)
    assert net.weight.is_contiguous(memory_format=torch.channels_last)
    EXACT.place(net)
    assert net.weight.is_contiguous()
    assert torch.equal(net.weight, before)


def test_answers_have_no_less_than_float32():
    x = torch.zeros(2, 3)
    assert BF16(nn.Linear(3, 2), x).dtype == torch.float32
    assert EXACT(nn.Linear(3, 2).double(), x.double()).dtype == torch.float64
    assert at_least_float32(x.bfloat16()).dtype == torch.float32
