"""Grids of images that a page can take, whatever the images' size."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

import autorecon
from autorecon.report.embed import read_grid
from autorecon.runs import RunFolder
from autorecon.workflow.samples import COLUMNS, MAX_ROWS, save_pictures, save_samples

NOT_KNOWN = SimpleNamespace(statistics=None)


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path / "run", {})


def test_noise_of_imagenets_size_is_within_a_pages_limit(folder):
    random = torch.Generator().manual_seed(0)
    labels = torch.arange(MAX_ROWS) * 40 + 3
    images = torch.rand(MAX_ROWS, 3, 224, 200, generator=random)
    save_pictures(folder, "zeroq", {"images": images, "labels": labels}, NOT_KNOWN)
    grid = read_grid(folder.path / "images" / "zeroq.png")
    assert grid.classes == tuple(labels.tolist())
    shown = (grid.width / COLUMNS, grid.height / MAX_ROWS)
    assert shown[0] == pytest.approx(shown[1] * 200 / 224, rel=0.02)
    assert shown[0] > 50


def test_small_images_keep_their_pixels(folder):
    images = torch.rand(2, 1, 16, 16)
    save_pictures(folder, "zeroq", {"images": images, "labels": torch.tensor([0, 1])}, NOT_KNOWN)
    grid = read_grid(folder.path / "images" / "zeroq.png")
    assert (grid.width, grid.height) == (COLUMNS * 17 + 1, 2 * 17 + 1)


@pytest.mark.parametrize(("batch", "most"), [(2, 3), (5, 6), (64, 24)])
def test_samples_are_drawn_in_batches_and_leave_the_generator_as_it_was(folder, batch, most):
    net = autorecon.generator(autorecon.load("gdfq-cifar", classes=3, size=8, latent=4), seed=0)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    sizes = []
    net.register_forward_hook(lambda net, inputs, images: sizes.append(len(images)))
    config = SimpleNamespace(compress=SimpleNamespace(batch=batch))
    prepared = SimpleNamespace(**vars(NOT_KNOWN), config=config)
    save_samples(folder, "mine", net.train(), prepared)
    assert max(sizes) == most
    assert sum(sizes) == 3 * COLUMNS
    assert read_grid(folder.path / "images" / "mine.png").classes == (0, 1, 2)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
