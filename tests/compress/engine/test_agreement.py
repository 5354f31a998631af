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
from autorecon.workflow.config import structured
from autorecon.workflow.prepare import bind
from stand_in import NAME
from stand_in import small_teacher as small_teacher

TOOL = Path(__file__).parents[3] / "tools" / "agreement.py"
SMALL = {"batch": 8, "calibration_batches": 1}


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("agreement", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def dataset():
    """Forty training images of the teacher's form, and thirty others to test on."""
    pixels = torch.randint(256, (70, 1, 16, 16), generator=torch.Generator().manual_seed(0))
    train, test = pixels.to(torch.uint8).split((40, 30))
    names = tuple("abcdefghij")
    labels = torch.arange(70) % 10
    read = {"train": data.Split(train, labels[:40]), "test": data.Split(test, labels[40:])}
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


@pytest.fixture
def measured(tool, dataset, monkeypatch):
    """Runs the tool on the toy data for two small steps of a student."""
    monkeypatch.setattr(tool, "structured", lambda values, kind: structured(SMALL | values, kind))
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    monkeypatch.setattr(data, "load", lambda name, size: dataset)

    def run(*arguments):
        return CliRunner().invoke(tool.main, [*arguments, "--budget", "0.008"])

    return run


def test_no_image_that_is_measured_on_is_taught_with(tool, dataset, monkeypatch):
    monkeypatch.setattr(data, "load", lambda name, size: dataset)
    bench = tool.Bench(tool._prepared("real", NAME, CompressConfig(bits="w3a3"), 1.0), test=False)
    taught = dataset.train.images[bench.pool].flatten(1)
    seen = bench.measured.images.flatten(1)
    assert (len(taught), len(seen)) == (20, 20)
    assert not (taught[:, None] == seen).all(-1).any()


@pytest.mark.parametrize(("test", "own"), [(False, {}), (True, {"ranges": "mse", "alpha": 3.0})])
def test_its_figures_are_those_of_the_engine(tool, dataset, measured, test, own):
    """Of training images and the teacher's answers, or with --test of test images and labels."""
    words = " ".join(f"{name}={value}" for name, value in own.items())
    given = ["--with", words] * bool(own) + ["--test"] * test
    result = measured("gdfq-cifar", "real", "--bits", "w3a3", "--seeds", "2", *given)
    teacher = teachers.load(NAME)
    seen = attrs.evolve(dataset, mean=teacher.mean, std=teacher.std)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(99))
    images = seen.normalised(dataset.test.images if test else dataset.train.images[order[:20]])
    answers = dataset.test.labels if test else teacher.module.eval()(images).argmax(1)
    lines = result.output.splitlines()
    for line, source, warmup in zip(lines, ("gdfq-cifar", "real"), (1, 0), strict=True):
        found = []
        for seed in range(2):
            config = CompressConfig(
                bits="w3a3", warmup_steps=warmup, steps=2, epochs=1, seed=seed, **SMALL, **own
            )
            net = generator(bind("gdfq-cifar", {}, teacher), seed=seed)
            wrap = None
            if source == "real":
                real = tool.RealImages(seen, teacher, 8, seed, order[20:])
                wrap = lambda _, real=real: real  # noqa: E731
            stage = Compression(teacher.module, config, net, wrap=wrap)
            stage.run_epoch(0, lambda: None)
            same = stage.student.module.eval()(images).argmax(1) == answers
            found.append(100 * same.double().mean().item())
        each = ", ".join(f"{figure:.2f}" for figure in found)
        mean, spread = sum(found) / 2, abs(found[0] - found[1]) / 2**0.5
        what = ", ".join(filter(None, [f"{source}, gdfq w3a3", words]))
        assert line == f"{what}, 2 steps: {mean:.2f} ± {spread:.2f} % (by seed: {each})"


def test_images_are_made_once_for_students_that_may_share_them(tool, measured, monkeypatch):
    """Settings of the student, and bits, change nothing of the images; the objective does."""
    ways = ["", "alignment=50 labels=all", "objective='ce + bns' batch=6"]
    arguments = ["gdfq-cifar", "--bits", "w3a3", "--bits", "w2a4", "--seeds", "2"]
    alone = [measured(*arguments, "--with", way).output.splitlines() for way in ways]
    warmups = []
    make = tool.Recorded.make
    monkeypatch.setattr(tool.Recorded, "make", lambda s, x: warmups.append(x) or make(s, x))
    given = [word for way in ways for word in ("--with", way)]
    together = measured(*arguments, *given).output.splitlines()
    assert together == [lines[i] for i in range(2) for lines in alone]
    # Two seeds of two ways to make images, each with a step of the generator alone.
    assert warmups.count(None) == 4


@pytest.mark.parametrize("last", [1, 2, 9])
def test_the_last_steps_are_followed(tool, measured, last):
    """Those of the student alone: what it is shown before would move its ranges."""
    arguments = ["gdfq-cifar", "--bits", "w8a8", "--seeds", "1"]
    plain = measured(*arguments).output
    *followed, figure = measured(*arguments, "--last", str(last)).output.splitlines()
    assert figure == plain.strip(), "to look on changes nothing"
    assert len(followed) == min(last, 2)
    assert followed[-1].split(";")[0] == f"  0 to go: {figure.split()[5]} %"
    teacher = teachers.load(NAME)
    config = CompressConfig(bits="w8a8", warmup_steps=1, steps=2, epochs=1, **SMALL)
    stage = Compression(teacher.module, config, generator(bind("gdfq-cifar", {}, teacher), seed=0))
    seen = []
    stage.run_epoch(0, lambda: seen.append(tool._levels(stage.student.module)))
    for back, line in enumerate(reversed(followed), 1):
        moved = {name: int((seen[-back][name] != seen[-back - 1][name]).sum()) for name in seen[0]}
        told = dict(part.rsplit(" ", 1) for part in line.split("moved: ")[1].split(", ") if part)
        assert {name: int(n) for name, n in told.items()} == {k: n for k, n in moved.items() if n}
        assert told


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["gdfq-cifar", "paper"], "compress needs one"),
        (["gdfq-cifar", "nowhere.space"], "nowhere.space"),
        (["gdfq-cifar", "dafl"], "has no label input"),
        (["real", "--method", "gdfq", "--method", "gdqf"], "did you mean `gdfq`"),
        (["real", "--method", "zeroq"], "takes no generator"),
        (["real", "--method", "dfad"], "has no setting `bits`"),
        (["real", "--bits", "w3a3", "--bits", "w9a9"], "9 bits"),
        (["real", "--teacher", "resnet-20"], "resnet20"),
        (["gdfq-cifar", "--with", "", "--with", "alignmint=1"], "did you mean `alignment`"),
        (["gdfq-cifar", "--with", "alignment=-1"], "alignment = -1"),
        (["gdfq-cifar", "--with", "alignment"], "'alignment' is not of the form key=value"),
        (["gdfq-cifar", "--with", "labels='all"], "No closing quotation"),
        (["real", "--seeds", "0"], "--seeds"),
        (["real", "--last", "-1"], "--last"),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(
    tool, measured, monkeypatch, arguments, wrong
):
    monkeypatch.setattr(tool.Bench, "taught", lambda *_: pytest.fail("it trained"))
    result = measured(*arguments)
    assert result.exit_code in (1, 2)
    assert wrong in result.output
    assert isinstance(result.exception, SystemExit)


def test_a_budget_must_be_one(tool):
    for budget in ("0", "-1", "nan", "inf"):
        result = CliRunner().invoke(tool.main, ["gdfq-cifar", "--budget", budget])
        assert result.exit_code == 2, budget
        assert "budget" in result.output
