"""A teacher of two convolutions on 8x8 images, and candidates that take moments."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from autorecon.cli import cli
from autorecon.data import registry
from autorecon.study.executors import choose
from autorecon.study.executors.here import Here
from remembered import captured_once as captured_once

MODULE = """
import torch
from torch import nn
from autorecon import data

def toy(size):
    images = torch.rand(30, 1, 8, 8, generator=torch.Generator().manual_seed(3))
    split = data.Split(images, torch.arange(30) % 3)
    return data.Dataset("toy", 8, 1, ("a", "b", "c"), (0.5,), (0.3,), lambda which: split)

if "toy" not in data.names():
    data.register("toy", toy)

def teacher():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
        nn.Conv2d(4, 6, 3, padding=1, stride=2), nn.BatchNorm2d(6), nn.ReLU(),
        nn.Flatten(), nn.Linear(96, 3),
    )
"""
SPACE = """
space little(width = 2, classes = 3, channels = 1, size = 8, latent = 4)
input z [latent]: noise
input y: label(classes)
node a [width, size/2, size/2] then bn
node b [width, size, size] then bn >> leaky_relu(0.2)
output image [channels, size, size] then tanh
link z -> a = linear
link y -> a = embed
link a -> b = nearest | bilinear
link b -> image = conv(3) | conv(1)
"""
ASKED = """
trials = 4
bits = "w3a3"

[teacher]
name = "auto_teacher:teacher"
size = 8
data = "toy"

[compress]
batch = 4
warmup_steps = 20
steps = 40
calibration_batches = 1
statistics = false

[[search]]
name = "little"
recipe = "paper"
space = { file = "little.space" }
search = { epochs = 2, warmup_epochs = 1, weight_steps = 1, architecture_steps = 1, batch = 4 }

[[candidate]]
name = "found"
discovered = "little"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run where tiny.toml, its space and its teacher are, with trials in this process."""
    return _enter(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `autorecon auto --config tiny.toml` leaves."""
    with pytest.MonkeyPatch.context() as patch:
        folder = _enter(tmp_path_factory.mktemp("whole"), patch)
        arguments = ["auto", "--config", "tiny.toml", "--trust", "--measure", "all", "-o", "out"]
        result = CliRunner().invoke(cli, arguments)
        assert result.exit_code == 0, result.output
        (folder / "printed.txt").write_text(result.stdout)
        return folder


def _enter(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    (folder / "auto_teacher.py").write_text(MODULE)
    (folder / "little.space").write_text(SPACE)
    (folder / "tiny.toml").write_text(ASKED)
    patch.chdir(folder)
    patch.syspath_prepend(str(folder))
    patch.delitem(sys.modules, "auto_teacher", raising=False)
    patch.setattr(registry, "_LOADERS", dict(registry._LOADERS))
    patch.setattr(choose, "Pool", Here)
    patch.setattr("autorecon.workflow.measure.missing_packages", lambda: ["onnx"])
    return folder
