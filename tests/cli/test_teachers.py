"""`autorecon teachers`, and a teacher of a library from the command line to its report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from safetensors.torch import save_file
from torchvision import models

from autorecon.cli import cli
from autorecon.teachers.architectures import ARCHITECTURES

TINY = [
    *("--with", "compress.warmup_steps=1", "--with", "compress.steps=1", "--with"),
    *("compress.epochs=1", "--with", "compress.calibration_batches=1"),
    *("--with", "compress.batch=2", "--set", "width=2", "--set", "latent=4", "-q", "--json"),
]


def test_the_listing_names_every_network() -> None:
    listed = CliRunner().invoke(cli, ["teachers"]).stdout
    words = set(listed.replace(",", " ").split())
    assert words >= ARCHITECTURES.keys()
    assert "1x16x16, 10 classes, mean 0.219, std 0.313, 91.49 % top-1" in listed


@pytest.fixture
def imagenet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two classes of ImageNet's format, weights of a network for them; the current folder."""
    for index, wnid in enumerate(("n01440764", "n01443537")):
        folder = tmp_path / "imagenet" / "val" / wnid
        folder.mkdir(parents=True)
        Image.new("RGB", (48, 40), (200 * index,) * 3).save(folder / "a.JPEG")
    torch.manual_seed(0)
    save_file(models.mobilenet_v3_small(num_classes=2).state_dict(), tmp_path / "w.safetensors")
    monkeypatch.setenv("AUTORECON_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_network_of_torchvision_with_local_weights_on_imagenet(imagenet: Path) -> None:
    genotype = imagenet / "g.space"
    genotype.write_text(GENERATOR)
    arguments = ["compress", "g.space", "--teacher", "torchvision:mobilenet_v3_small"]
    options = ["--weights", "w.safetensors", "--size", "32", "--data", "imagenet", *TINY]
    result = CliRunner().invoke(cli, [*arguments, *options])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["teacher"]["classes"], found["data"]["test_images"]) == (2, 2)
    assert found["teacher"]["accuracy"] in (0, 50, 100)
    kinds = {site["kind"] for site in found["sites"]}
    assert kinds >= {"weight", "activation", "product", "gate"}


GENERATOR = """\
space small(classes = 2, channels = 3, size = 32, latent = 4, width = 2)

input z [latent]: noise
input y: label(classes)
node code [latent] merge product
node seed [width, size/4, size/4]
output image [channels, size, size]

link z -> code = identity
link y -> code = embed
link code -> seed = linear
link seed -> image = nearest(scale=4) >> conv(3) >> tanh >> bn(affine=false)
"""
