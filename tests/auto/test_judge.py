"""The judge's images are its own, and it tells who is nearer to the teacher."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

import autorecon
from autorecon.auto.judge import exam, judged
from autorecon.teachers import Teacher

SHAPE = (1, 6, 6)


def network(norm: bool = True) -> nn.Sequential:
    torch.manual_seed(0)
    middle = nn.BatchNorm2d(8) if norm else nn.Identity()
    net = nn.Sequential(
        nn.Conv2d(1, 8, 3), middle, nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Flatten(), nn.Linear(32, 4)
    )
    with torch.no_grad():
        for _ in range(20):
            net(2 + 3 * torch.randn(16, *SHAPE))
    return net.eval()


def teacher(norm: bool = True) -> Teacher:
    return Teacher("tiny", network(norm), 4, SHAPE)


def test_images_have_the_statistics_and_are_the_same_each_time() -> None:
    images, state = exam(teacher()), torch.get_rng_state()
    assert images.shape == (64, *SHAPE)
    assert torch.equal(images, exam(teacher()))
    assert torch.equal(state, torch.get_rng_state())
    net = network()
    with torch.no_grad():
        means = [net[0](x).mean((0, 2, 3)) for x in (images, torch.randn(64, *SHAPE))]
    near, far = ((mean - net[1].running_mean).abs().mean() for mean in means)
    assert near < 0.6 * far


def test_a_teacher_without_statistics_is_shown_noise() -> None:
    images = exam(teacher(norm=False))
    assert images.shape == (64, *SHAPE)
    assert abs(float(images.std()) - 1) < 0.1


def test_more_bits_are_nearer() -> None:
    made = {
        bits: autorecon.compress(
            network(), image_shape=SHAPE, method="noise", bits=bits, epochs=1, progress=False
        )
        for bits in ("w2a2", "w4a4", "w8a8")
    }
    cells: Any = {bits: bits for bits in made}
    found = judged(cells, lambda cell: made[cell].file, teacher(), exam(teacher()))  # type: ignore
    assert 0 <= found["w2a2"] < found["w4a4"] < found["w8a8"] <= 100
    assert found["w8a8"] > 95
