"""The tool that tells how much better images could bring: real ones, in place of a generator's."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import attrs
import pytest
import torch
from click.testing import CliRunner

from autorecon import data, teachers
from autorecon.compress import CompressConfig, Compression
from autorecon.compress.sources import Repeated

TOOL = Path(__file__).parents[2] / "tools" / "real_images.py"
NAME = "resnet20-fashion16"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("real_images", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def dataset():
    """Forty training images of the teacher's form, and no test image at all."""
    pixels = torch.randint(256, (40, 1, 16, 16), generator=torch.Generator().manual_seed(0))
    split = data.Split(pixels.to(torch.uint8), torch.arange(40) % 10)
    names = tuple("abcdefghij")
    read = {"train": split}
    return data.Dataset("toy", 16, 1, names, (0.5,), (0.25,), lambda which: read[which])


def test_the_images_are_the_data_sets_and_the_labels_the_teachers(tool, dataset):
    teacher = teachers.load(NAME)
    first, again, other = (tool.RealImages(dataset, teacher, 8, seed) for seed in (0, 0, 1))
    batch, losses = first.make(None)
    assert losses == {}
    everything = dataset.normalised(dataset.train.images[:])
    assert all((image == everything).flatten(1).all(1).any() for image in batch.images)
    assert torch.equal(batch.request.labels, teacher.module.eval()(batch.images).argmax(1))
    assert torch.equal(again.draw().images, batch.images)
    assert not torch.equal(other.draw().images, batch.images)
    other.load_state_dict(first.state_dict())
    assert torch.equal(other.draw().images, first.draw().images)


def test_a_student_learns_as_from_a_generators_images(tool, dataset, monkeypatch):
    """The tool's figure is that of the engine, given the same images."""
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    monkeypatch.setattr(data, "load", lambda name, size: dataset)
    scored = []
    monkeypatch.setattr(data, "accuracy", lambda module, _: scored.append(_sum(module)) or 50.0)
    steps = ["--bits", "w3a3", "--seeds", "1", "--budget", "0.008"]
    result = CliRunner().invoke(tool.main, steps, catch_exceptions=False)
    assert result.output == f"{NAME} w3a3, 2 steps: 50.00 % (by seed: 50.00)\n"

    teacher = teachers.load(NAME)
    seen = attrs.evolve(dataset, mean=teacher.mean, std=teacher.std)
    images = tool.RealImages(seen, teacher, 64, 0)
    calls = [({"images": b.images, "logits": b.logits, "request": {"labels": b.request.labels}}, {})
             for b in (images.draw() for _ in range(10))]  # fmt: skip
    config = CompressConfig(bits="w3a3", warmup_steps=0, steps=2, epochs=1)
    net = tool.generator(tool.bind("gdfq-cifar", {}, teacher), seed=0)
    recording = {"labelled": True, "calls": calls}
    stage = Compression(teacher.module, config, net, wrap=lambda _: Repeated(recording))
    stage.run_epoch(0, lambda: None)
    assert scored == [_sum(stage.student.module)]


def _sum(module):
    return sum(float(p.detach().double().abs().sum()) for p in module.parameters())
