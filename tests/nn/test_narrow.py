"""Convolutions to few channels as products of matrices, against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import autorecon
from autorecon.lowering import lower, optimise
from autorecon.lowering.plan import Convolve, Grid
from autorecon.nn.narrow import convolve_narrow


def plain(x: Tensor, kernel: Tensor, bias: Tensor | None, grid: Grid) -> Tensor:
    return F.conv2d(x, kernel, bias, 1, grid.reach, grid.dilation)


@pytest.mark.parametrize("grid", [Grid(3, 1), Grid(5, 1), Grid(3, 2), Grid(1, 1)])
@pytest.mark.parametrize(("channels", "biased"), [(1, True), (3, False)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_it_is_a_convolution(
    grid: Grid, channels: int, biased: bool, layout: torch.memory_format
) -> None:
    found = []
    for way in (convolve_narrow, plain):
        random = torch.Generator().manual_seed(0)
        shapes = ((2, 7, 4, 5), (channels, 7, grid.size, grid.size), (channels,))
        leaves = [torch.randn(s, generator=random, dtype=torch.float64) for s in shapes]
        leaves[0] = leaves[0].to(memory_format=layout)
        x, kernel, bias = (leaf.requires_grad_() for leaf in leaves)
        out = way(x, kernel, bias if biased else None, grid)
        (out * torch.arange(out.numel(), dtype=out.dtype).sin().view_as(out)).sum().backward()
        found.append([out, x.grad, kernel.grad] + [bias.grad] * biased)
    torch.testing.assert_close(*found, rtol=1e-12, atol=1e-12)


def test_in_bfloat16_it_gives_what_a_convolution_gives() -> None:
    torch.manual_seed(0)
    x, kernel, bias = torch.randn(2, 16, 4, 4), torch.randn(1, 16, 3, 3), torch.randn(1)
    with torch.autocast("cpu", torch.bfloat16):
        out = convolve_narrow(x, kernel, bias, Grid(3, 1))
    assert out.dtype == torch.bfloat16
    expected = plain(x, kernel, bias, Grid(3, 1))
    torch.testing.assert_close(out.float(), expected, rtol=0.03, atol=0.2)


def test_the_head_of_a_generator_is_narrow_and_nothing_else() -> None:
    for name, channels, expected in (("gdfq-cifar", 3, 1), ("gdfq-cifar", 8, 0), ("paper", 3, 1)):
        space = autorecon.load(name, channels=channels, classes=10)
        steps = [s for s in optimise(lower(space)).steps if isinstance(s, Convolve) and s.narrow]
        assert [s.shapes for s in steps] == [((channels, 32, 32),)] * expected


@pytest.mark.parametrize("name", ["gdfq-cifar", "paper-cifar10"])
def test_a_generator_with_a_narrow_head_is_the_plain_one(name: str) -> None:
    space = autorecon.load(name, channels=1, classes=3, size=16)
    found = []
    for fuse in (True, False):
        net = autorecon.generator(space, seed=0, fuse=fuse).double()
        z, y = net.example_inputs(3, torch.Generator().manual_seed(1))
        images = net(z.double(), y)
        (images * torch.arange(images.numel()).sin().view_as(images)).sum().backward()
        found.append({"images": images} | {n: p.grad for n, p in net.named_parameters()})
    torch.testing.assert_close(*found, rtol=1e-10, atol=1e-10)
