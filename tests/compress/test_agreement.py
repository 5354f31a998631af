"""The tool that tells how far students agree with their teacher on real images."""

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
from autorecon.nn import generator
from autorecon.workflow.prepare import bind

TOOL = Path(__file__).parents[2] / "tools" / "agreement.py"
NAME = "resnet20-fashion16"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("agreement", TOOL)
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
    teacher, pool = teachers.load(NAME), torch.arange(20, 40)
    first, again, other = (tool.RealImages(dataset, teacher, 8, seed, pool) for seed in (0, 0, 1))
    batch, losses = first.make(None)
    assert losses == {}
    allowed = dataset.normalised(dataset.train.images[20:])
    assert all((image == allowed).flatten(1).all(1).any() for image in batch.images)
    assert torch.equal(batch.request.labels, teacher.module.eval()(batch.images).argmax(1))
    assert torch.equal(again.draw().images, batch.images)
    assert not torch.equal(other.draw().images, batch.images)
    other.load_state_dict(first.state_dict())
    assert torch.equal(other.draw().images, first.draw().images)


def test_its_figures_are_those_of_the_engine(tool, dataset, monkeypatch):
    """Agreement is counted on training images that no real-image student learns from."""
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    monkeypatch.setattr(data, "load", lambda name, size: dataset)
    arguments = ["gdfq-cifar", "real", "--bits", "w3a3", "--seeds", "2", "--budget", "0.008"]
    result = CliRunner().invoke(tool.main, arguments, catch_exceptions=False)
    lines = result.output.splitlines()

    teacher = teachers.load(NAME)
    seen = attrs.evolve(dataset, mean=teacher.mean, std=teacher.std)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(99))
    images = seen.normalised(dataset.train.images[order[:20]])
    answers = teacher.module.eval()(images).argmax(1)
    for line, source, warmup in zip(lines, ("gdfq-cifar", "real"), (1, 0), strict=True):
        found = []
        for seed in range(2):
            config = CompressConfig(bits="w3a3", warmup_steps=warmup, steps=2, epochs=1, seed=seed)
            net = generator(bind("gdfq-cifar", {}, teacher), seed=seed)
            wrap = None
            if source == "real":
                real = tool.RealImages(seen, teacher, 64, seed, order[20:])
                wrap = lambda _, real=real: real  # noqa: E731
            stage = Compression(teacher.module, config, net, wrap=wrap)
            stage.run_epoch(0, lambda: None)
            same = stage.student.module.eval()(images).argmax(1) == answers
            found.append(100 * same.double().mean().item())
        each = ", ".join(f"{figure:.2f}" for figure in found)
        assert line.startswith(f"{source}, gdfq w3a3, 2 steps: {sum(found) / 2:.2f} ± ")
        assert line.endswith(f"(by seed: {each})")


def test_the_last_steps_are_followed(tool, dataset, monkeypatch):
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    monkeypatch.setattr(data, "load", lambda name, size: dataset)
    arguments = ["gdfq-cifar", "--bits", "w3a3", "--seeds", "1", "--budget", "0.008"]
    plain = CliRunner().invoke(tool.main, arguments, catch_exceptions=False).output
    followed = CliRunner().invoke(tool.main, [*arguments, "--last", "2"], catch_exceptions=False)
    first, second, figure = followed.output.splitlines()
    assert figure == plain.strip(), "to look on changes nothing"
    assert first.startswith("  1 to go: ")
    assert first.endswith("; moved: ")
    assert second.split(";")[0] == f"  0 to go: {figure.split()[5]} %"
    teacher = teachers.load(NAME)
    config = CompressConfig(bits="w3a3", warmup_steps=1, steps=2, epochs=1)
    stage = Compression(teacher.module, config, generator(bind("gdfq-cifar", {}, teacher), seed=0))
    seen = []
    stage.run_epoch(0, lambda: seen.append(tool._levels(stage.student.module)))
    moved = {name: int((seen[2][name] != seen[1][name]).sum()) for name in seen[2]}
    told = dict(part.rsplit(" ", 1) for part in second.split("moved: ")[1].split(", ") if part)
    assert {name: int(count) for name, count in told.items()} == {
        n: c for n, c in moved.items() if c
    }
    assert told


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["paper"], "paper leaves something open"),
        (["nowhere.space"], "nowhere.space"),
        (["real", "--method", "gdqf"], "gdfq"),
        (["real", "--teacher", "resnet-20"], "resnet20"),
        (["real", "--seeds", "0"], "--seeds"),
        (["real", "--budget", "-1"], "--budget"),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(tool, dataset, monkeypatch, arguments, wrong):
    monkeypatch.setattr(data, "load", lambda name, size: dataset)
    result = CliRunner().invoke(tool.main, arguments)
    assert result.exit_code in (1, 2)
    assert wrong in result.output
    assert not isinstance(result.exception, ValueError)
