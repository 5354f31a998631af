"""`autorecon inspect`: what it tells, and that it ends as `compress` would."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import save_file
from torchvision import models

from autorecon.cli import cli
from autorecon.compress import METHODS

MODELS = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, norm, middle):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 3, padding=1), norm
        self.middle, self.fc = middle, nn.Linear(4, 3)
        self.input_mean, self.input_std = [0.5, 0.4, 0.3], [0.2, 0.2, 0.2]

    def forward(self, x):
        return self.fc(self.middle(torch.relu(self.norm(self.conv(x)))).mean((2, 3)))

def made(norm, middle):
    torch.manual_seed(0)
    return Net(norm, middle).eval()

def whole():
    return made(nn.BatchNorm2d(4), nn.Identity())

def bare():
    return made(nn.Identity(), nn.Identity())

class Products(nn.Module):
    def forward(self, x):
        return x @ x.transpose(2, 3) @ x

def partial():
    return made(nn.BatchNorm2d(4), Products())

class Choice(nn.Module):
    def forward(self, x):
        return x + 1 if x.sum() > 0 else x

def choosing():
    return made(nn.BatchNorm2d(4), Choice())
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "my_nets.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "my_nets", raising=False)
    return tmp_path


def inspect(teacher: str, *options: str) -> Result:
    size = [] if "--size" in options else ["--size", "8"]
    result = CliRunner().invoke(cli, ["inspect", teacher, *size, *options])
    assert "Traceback" not in result.output
    assert not Path("runs").exists()
    return result


def values(teacher: str, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(inspect(teacher, "--json", *options).stdout)
    return found


def test_what_it_tells() -> None:
    found = values("my_nets:whole", "--bits", "w4a4")
    counts = {"parameters": 135, "bytes": 143 * 4, "classes": 3, "norms": 1, "statistics": 1}
    assert found.items() >= counts.items()
    assert (found["module"], found["image_shape"]) == ("Net", [3, 8, 8])
    assert (found["mean"], found["std"]) == ([0.5, 0.4, 0.3], [0.2, 0.2, 0.2])
    covered = found["coverage"]
    assert covered["macs"] == covered["macs_quantized"] == 64 * 4 * 27 + 12
    assert (covered["weights"], covered["weights_quantized"]) == (135, 108 + 12)
    assert [part["name"] for part in covered["left"]][:2] == ["conv.bias", "norm.weight"]
    assert found["methods"] == dict.fromkeys(METHODS, "")
    assert (found["estimate"]["steps"], found["estimate"]["batch"]) == (400, 64)
    assert found["estimate"]["seconds"] > 0
    assert found["estimate"]["generator"] == "gdfq-cifar"
    assert 2**20 < found["estimate"]["memory"] < 2**30
    assert (found["method"], found["bits"], found["fault"]) == ("gdfq", "w4a4", "")


def test_the_same_to_read() -> None:
    result = inspect("my_nets:whole", "--bits", "w4a4", "--method", "dfq")
    assert result.exit_code == 0, result.output
    for shown in (
        "my_nets:whole (Net)", "3x8x8, normalisation mean 0.500 0.400 0.300, std 0.200",
        "135, 0.0 MB as float32", "1 layer, all with statistics", "6,924 an image",
        "at w4a4", "94.5% of the weights", "100.0% of the MACs", "conv.bias", "can", "gdfq, qimera",
    ):  # fmt: skip
        assert shown in result.stdout, shown
    assert "steps of" not in result.stdout
    assert "150 steps of 64 images, and what its generator takes" in " ".join(
        inspect("my_nets:whole", "--method", "calibration").stdout.split()
    )
    pictures = inspect("my_nets:whole", "--method", "zeroq").stdout
    assert "of memory beside torch" in pictures
    assert "generator" not in pictures


def test_a_library_s_network_with_weights(folder: Path) -> None:
    save_file(models.resnet18(num_classes=5).state_dict(), folder / "w.safetensors")
    found = values(
        "torchvision:resnet18", "--weights", "w.safetensors", "--size", "32",
        "--with", "teacher.mean=[0.5, 0.5, 0.5]", "--with", "teacher.std=[1, 1, 1]",
    )  # fmt: skip
    assert (found["classes"], found["std"], found["norms"]) == (5, [1, 1, 1], 20)


def test_without_norms_an_objective_that_does_without_is_named() -> None:
    result = inspect("my_nets:bare")
    assert result.exit_code == 2
    assert "BatchNorm   none" in result.stdout
    assert "needs BatchNorm" in result.stderr
    assert "--with 'compress.objective=ce' does without" in result.stderr
    found = values("my_nets:bare", "--method", "calibration", "--objective", "ce")
    assert (found["fault"], found["methods"]["calibration"]) == ("", "")
    assert found["methods"]["dfq"].startswith("needs BatchNorm")
    assert found["methods"]["dafl"] == ""


def test_too_little_covered_is_exit_code_1_unless_allowed() -> None:
    result = inspect("my_nets:partial")
    assert result.exit_code == 1
    assert "middle_1" in result.stdout
    assert "of the multiply-accumulates would be at w3a3" in result.stderr
    compressed = ["compress", "gdfq-cifar", "--teacher", "my_nets:partial", "--size", "8"]
    same = CliRunner().invoke(cli, compressed)
    assert (same.exit_code, same.stderr) == (1, result.stderr)
    assert inspect("my_nets:partial", "--allow-partial").exit_code == 0


def test_what_cannot_be_captured_is_told_beside_the_rest() -> None:
    result = inspect("my_nets:choosing", "--json")
    assert result.exit_code == 2
    found = json.loads(result.stdout)
    assert found["coverage"] is None
    assert "cannot be captured" in found["fault"]
    assert "my_nets.py" in result.stderr
    assert found["methods"]["gdfq"] == found["fault"]
    assert found["methods"]["dafl"] == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["my_nets:wholly"], "has no function called wholly"),
        (["my_nets:whole", "--bits", "w9"], "w9"),
        (["my_nets:whole", "--method", "gdfk"], "did you mean `gdfq`"),
        (["torchvision:resnet18"], "--weights"),
        (["my_nets:whole", "--with", "teacher.side=3"], "there is no `side`"),
    ],
)
def test_mistakes(arguments: list[str], message: str) -> None:
    result = inspect(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_compression_says_it_before_it_begins() -> None:
    torch.manual_seed(0)
    tiny = [f"compress.{name}=1" for name in ("warmup_steps", "steps", "calibration_batches")]
    tiny += ["compress.epochs=1", "compress.batch=2"]
    options = [part for name in tiny for part in ("--with", name)]
    teacher = ["--teacher", "my_nets:whole", "--size", "8", "--data", ""]
    result = CliRunner().invoke(
        cli, ["compress", "gdfq-cifar", "--bits", "w4a4", *teacher, *options, "-o", "r"]
    )
    assert result.exit_code == 0, result.output
    said, *_ = result.stderr.splitlines()
    assert said == (
        "at w4a4 will be 88.9% of the weights and 100.0% of the multiply-accumulates, 0.0% with "
        "quantized values beside them; the largest that stay are conv.bias (4 weights), "
        "norm.weight (4 weights), norm.bias (4 weights)"
    )
    written = json.loads(Path("r/results.json").read_text())["coverage"]
    assert written["weights_quantized"] == 120
    assert "88.9% of weights" in Path("r/report.html").read_text()
