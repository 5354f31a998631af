"""`autorecon methods`, and `compress` by methods of every kind, as a user types them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from autorecon.cli import cli
from autorecon.compress import METHODS

MODELS = """
import torch
from torch import nn

def net(norm=True):
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4) if norm else nn.Identity()]
    layers += [nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)]
    return nn.Sequential(*layers)

def bare():
    return net(norm=False)

def small():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3))

def wrong():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten())
"""
SMALL = """space small(classes = 3)
input z [4]: noise
input y: label(classes)
node a [1, 8, 8]
output image [1, 8, 8]
link z -> a = linear
link y -> a = embed | none
link a -> image = conv(3)
"""
CUT = 'genotype cut of "small.space"\ny -> a = none\n'
MINE = ["--teacher", "my_models:net", "--size", "8", "--data", ""]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    (tmp_path / "my_models.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "my_models", raising=False)
    return tmp_path


def autorecon(*arguments):
    return CliRunner().invoke(cli, [str(a) for a in arguments])


def fails(message, *arguments):
    result = autorecon(*arguments)
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert not Path("runs").exists()


def small(**settings):
    return [part for k, v in settings.items() for part in ("--with", f"compress.{k}={v}")]


def test_methods_are_listed_with_needs_and_sources():
    text = autorecon("methods").stdout
    assert text.index("quantization\n") < text.index("  gdfq ") < text.index("distillation\n")
    for name, method in METHODS.items():
        assert f"  {name} " in text
        assert method.cite.split(",")[0] in text
    values = json.loads(autorecon("methods", "--json").stdout)
    assert values.keys() == METHODS.keys()
    assert values["dafl"]["needs"] == ["a Linear layer at its end"]
    assert values["dfad"]["needs"] == []
    assert values["gdfq"]["settings"]["temperature"] == 20


def test_without_a_generator():
    result = autorecon("compress", "--method", "dfq", *MINE, "--bits", "w6a6")
    assert result.exit_code == 0, result.output
    (run,) = Path("runs").iterdir()
    assert run.name == "compress-net-dfq-w6a6-001"
    assert "dfq" in result.stdout
    page = (run / "report.html").read_text()
    assert "range by BatchNorm statistics" in page
    assert not (run / "space.space").exists()
    assert autorecon("compress", "--resume", run, "--trust").exit_code == 0


def test_pictures_are_kept_and_shown():
    settings = small(batch=4, image_steps=2, epochs=2)
    result = autorecon("compress", "--method", "zeroq", *MINE, *settings, "-o", "z")
    assert result.exit_code == 0, result.output
    assert Path("z/compressed/zeroq-seed0.images.safetensors").exists()
    assert "Loss of the images" in Path("z/report.html").read_text()


def test_distillation_into_a_student_of_ones_own():
    settings = small(batch=4, steps=2, student_steps=1, epochs=2)
    arguments = ["--method", "dfad", "--student", "my_models:small", *MINE, *settings]
    result = autorecon("compress", "dfad", "--set", "width=4", *arguments, "-o", "d")
    assert result.exit_code == 0, result.output
    values = json.loads(Path("d/results.json").read_text())
    assert (values["bits"], values["student"]) == ("", "my_models:small")
    text = Path("d/report.html").read_text()
    assert "my_models:small" in text
    assert "In full precision" not in text


def test_an_objective_of_ones_own():
    settings = small(batch=4, steps=2, warmup_steps=1, epochs=2, calibration_batches=1)
    chosen = ["--objective", "ce + bns_kl + 1e-4*tv - 0.5*follow"]
    result = autorecon("compress", "gdfq-cifar", *MINE, *settings, *chosen, "-o", "o")
    assert result.exit_code == 0, result.output
    last = json.loads(Path("o/metrics.jsonl").read_text().splitlines()[-1])
    assert {"generator.bns_kl", "generator.tv", "generator.follow"} <= last.keys()


def test_mistakes_are_told_before_anything_is_made():
    bare = ["--teacher", "my_models:bare", "--size", "8", "--data", ""]
    fails("no method 'daffl': did you mean `dafl`?", "compress", "--method", "daffl")
    fails("zeroq takes no generator", "compress", "gdfq-cifar", "--method", "zeroq", *MINE)
    fails("dafl needs a generator", "compress", "--method", "dafl", *MINE)
    fails("dafl has no setting `bits`", "compress", "dafl", "--method", "dafl", "--bits", "w4a4")
    fails("needs BatchNorm layers", "compress", "--method", "zeroq", *bare)
    distil = ["compress", "dafl", "--method", "dafl", *MINE, "--student"]
    fails("no architecture is called 'resnet21'", *distil, "resnet21")
    fails("gives [2, 72], not logits of 3 classes", *distil, "my_models:wrong")
    for method in ("kegnet", "calibration", "ait", "gdfq", "adadfq"):
        fails("dafl has no label input", "compress", "dafl", "--method", method, *MINE)
    Path("small.space").write_text(SMALL)
    Path("cut.space").write_text(CUT)
    fails(
        "and in cut `y -> a = none` (line 2) cuts `image` from `y`", "compress", "cut.space", *MINE
    )
    anything = ["--method", "dafl", "--objective", "onehot + 0.1*ce"]
    fails("'onehot + 0.1*ce' asks for images of a class", "compress", "dafl", *anything, *MINE)
    fails("did you mean `smooth`?", "compress", "gdfq-cifar", *MINE, "--objective", "smoot")


def test_a_teacher_without_norms_can_be_distilled():
    bare = ["--teacher", "my_models:bare", "--size", "8", "--data", ""]
    settings = small(batch=4, steps=1, student_steps=1, epochs=1)
    chosen = ["--method", "dafl", "--student", "my_models:small"]
    result = autorecon("compress", "dafl", "--set", "latent=8", *chosen, *bare, *settings)
    assert result.exit_code == 0, result.output
