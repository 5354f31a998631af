"""Convolution by way of spectra against torch's own, and what a fused net keeps for backward."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

import autorecon
from autorecon.lowering import lower, optimise
from autorecon.lowering.fourier import Fourier, offsets, periods
from autorecon.lowering.plan import Convolve, Grid
from autorecon.nn.fourier import SpectralConvolution


@pytest.mark.parametrize("height", [2, 5, 8])
@pytest.mark.parametrize("width", [3, 6])
@pytest.mark.parametrize("size", [1, 3, 7])
def test_it_is_the_convolution_of_torch_forward_and_backward(height, width, size):
    random = torch.Generator().manual_seed(height * width)
    x = torch.randn(2, 3, height, width, dtype=torch.float64, generator=random)
    kernel = torch.randn(4, 3, size, size, dtype=torch.float64, generator=random)
    leaves = x.requires_grad_(), kernel.requires_grad_()
    expected = F.conv2d(*leaves, padding=size // 2)
    direction = torch.randn(expected.shape, dtype=torch.float64, generator=random)
    gradients = torch.autograd.grad(expected, leaves, direction)

    taps = offsets(frozenset([Grid(size, 1)]))
    spectral = SpectralConvolution(tuple(sorted(taps)), size // 2)
    by_tap = kernel.detach().flatten(2).permute(2, 1, 0).contiguous()
    close = {"atol": 1e-12, "rtol": 1e-12}
    torch.testing.assert_close(spectral.forward(x.detach(), by_tap), expected, **close)
    found = spectral.gradients(x.detach(), by_tap, direction, (True, True))
    torch.testing.assert_close(found[0], gradients[0], **close)
    own = found[1].permute(2, 1, 0).view_as(kernel)
    torch.testing.assert_close(own, gradients[1], **close)
    assert spectral.gradients(x.detach(), by_tap, direction, (False, False)) == (None, None)


def test_taps_that_leave_a_map_meet_zeros():
    for reach in range(5):
        for size in range(1, 9):
            (tall, _) = periods(size, size, reach)
            for position in range(size):
                for tap in range(-reach, reach + 1):
                    wrapped = (position + tap) % tall
                    assert (wrapped < size) == (0 <= position + tap < size)


def test_offsets_are_the_union_of_the_grids():
    assert len(offsets(frozenset([Grid(5, 1), Grid(5, 2)]))) == 41
    assert len(offsets(frozenset([Grid(1, 1), Grid(3, 1), Grid(3, 2)]))) == 17


def test_many_taps_go_by_spectra_and_few_do_not():
    plan = optimise(lower(autorecon.load("paper", width=64)))
    found = [step for step in plan.steps if isinstance(step, Convolve)]
    assert [step.fourier for step in found] == [True] * 6 + [False]
    assert {step.grid for step in found[:6]} == {Grid(9, 1)}
    assert Fourier(slower=1e9)(plan) == plan


def saved_bytes(net, mixture):
    """Of all that backward keeps but parameters; each storage once."""
    z, y = net.example_inputs(8)
    known = {p.untyped_storage().data_ptr() for p in net.parameters()}
    found = {}

    def note(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            found[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        images = net(z, y, mixture)
    assert images.requires_grad
    return sum(size for size, _ in found.values())


def test_backward_keeps_less_than_a_quarter_of_the_activations():
    space = autorecon.load("paper", width=32, size=16, classes=10)
    nets = [autorecon.supernet(space, seed=0, fuse=fuse) for fuse in (True, False)]
    mixture = {e.name: torch.ones(len(e.candidates), requires_grad=True) for e in space.choices}
    fused, plain = (saved_bytes(net, mixture) for net in nets)
    assert plain > 5 * fused
