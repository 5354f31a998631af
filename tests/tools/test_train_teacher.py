"""The tool that trains the shipped teachers: recorded, repeatable, and right about its images."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import attrs
import pytest
import torch
from click.testing import CliRunner
from torch import nn

from autorecon import teachers

TOOL = Path(__file__).parents[2] / "tools" / "train_teacher.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("train_teacher", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def small_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """256 random images in place of Fashion-MNIST; the threads as they were."""
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    generator = torch.Generator().manual_seed(0)
    for prefix, count in (("train", 256), ("t10k", 32)):
        pixels = torch.randint(256, (count * 784,), generator=generator, dtype=torch.uint8)
        images = struct.pack(">4B3I", 0, 0, 8, 3, count, 28, 28) + bytes(pixels.tolist())
        labels = struct.pack(">4B1I", 0, 0, 8, 1, count) + bytes(i % 10 for i in range(count))
        for kind, content in (("images-idx3", images), ("labels-idx1", labels)):
            path = folder / f"{prefix}-{kind}-ubyte.gz"
            path.write_bytes(gzip.compress(content, compresslevel=1))
    monkeypatch.setenv("AUTORECON_DATA", str(tmp_path))
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_the_recorded_recipes_are_the_tools(tool: ModuleType) -> None:
    for name in teachers.names():
        assert teachers.describe(name)["recipe"] == attrs.asdict(tool.RECIPES[name])


def test_trains_again_bit_for_bit(tool: ModuleType, small_data: None, tmp_path: Path) -> None:
    written = []
    for folder in ("a", "b"):
        arguments = ["resnet20-fashion16", "--epochs", "1", "--seed", "1"]
        done = CliRunner().invoke(tool.main, [*arguments, "--out", str(tmp_path / folder)])
        assert done.exit_code == 0, done.output
        assert "epoch 1/1: loss" in done.output
        written.append((tmp_path / folder / "resnet20-fashion16.safetensors").read_bytes())
    assert written[0] == written[1]
    described = json.loads((tmp_path / "b" / "resnet20-fashion16.json").read_text())
    assert described["sha256"] == hashlib.sha256(written[1]).hexdigest()
    assert (described["epochs"], described["recipe"]["seed"]) == (1, 1)
    assert described.keys() == teachers.describe("resnet20-fashion16").keys()


def test_goes_on_bit_for_bit_after_an_interruption(
    tool: ModuleType, small_data: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tool.ARCHITECTURES, "with_dropout", with_dropout)
    recipe = tool.Recipe(16, 1, batch=64, architecture="with_dropout", epochs=3)
    whole, _, _ = tool.train(recipe, tmp_path / "whole")
    interrupted = tool.Training(recipe, tool.data.load("fashion-mnist", size=16))
    interrupted.run_epoch()
    tool.save_state(tmp_path / "part", interrupted.state_dict())
    torch.manual_seed(7)
    gone_on, _, _ = tool.train(recipe, tmp_path / "part")
    assert_same(whole, gone_on)
    # A state of another recipe is not gone on with.
    anew, _, _ = tool.train(attrs.evolve(recipe, peak_lr=0.01), tmp_path / "part")
    assert not torch.equal(whole[0].weight, anew[0].weight)


def with_dropout(classes: int, channels: int) -> nn.Module:
    """A small network that draws from torch's own generator while it is trained."""
    return nn.Sequential(
        nn.Conv2d(channels, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(4, classes),
    )  # fmt: skip


def assert_same(one: nn.Module, other: nn.Module) -> None:
    values = other.state_dict()
    assert all(torch.equal(value, values[name]) for name, value in one.state_dict().items())


def test_the_seed_matters(tool: ModuleType, small_data: None) -> None:
    recipe = tool.RECIPES["resnet20-fashion16"]
    dataset = tool.data.load("fashion-mnist", size=16)
    stems = [
        tool.Training(attrs.evolve(recipe, seed=seed), dataset).module.conv1.weight
        for seed in (0, 0, 1)
    ]
    assert torch.equal(stems[0], stems[1])
    assert not torch.equal(stems[0], stems[2])


def test_broken_data(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTORECON_DATA", str(tmp_path))
    (tmp_path / "fashion-mnist").mkdir()
    for prefix in ("train", "t10k"):
        for kind in ("images-idx3", "labels-idx1"):
            (tmp_path / "fashion-mnist" / f"{prefix}-{kind}-ubyte").write_bytes(b"broken")
    done = CliRunner().invoke(tool.main, ["resnet20-fashion16", "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "not an idx file" in done.output


def test_augmented_images_are_crops_and_flips(tool: ModuleType) -> None:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(2, 5, 5, generator=generator)
    padded = torch.zeros(2, 7, 7)
    padded[:, 1:6, 1:6] = image
    crops = [padded[:, y : y + 5, x : x + 5] for y in range(3) for x in range(3)]
    possible = [*crops, *(crop.flip(2) for crop in crops)]
    images = tool.augmented(image.repeat(400, 1, 1, 1), generator, 1)
    seen = [sum(torch.equal(found, one) for found in images) for one in possible]
    assert sum(seen) == 400
    # 400 / 18 = 22 of each are expected; 5 is 3.7 standard deviations below.
    assert min(seen) >= 5
