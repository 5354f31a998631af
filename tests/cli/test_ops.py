"""--ops: a user's own operation from the first check to a compressed teacher."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from autorecon.cli import cli
from autorecon.lang.operations.spec import OWN

OPS = """
import torch
from torch import nn

import autorecon

@autorecon.op
def gated(source, target, kernel: int, label: autorecon.LabelInput):
    "A convolution times a gate of the class."
    channels, height, width = source
    weights = channels * channels * kernel**2

    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False)
            self.gate = nn.Embedding(label.classes, channels)

        def forward(self, x, y):
            return self.conv(x) * self.gate(y).sigmoid()[:, :, None, None]

    parameters = weights + label.classes * channels
    return autorecon.OpPlan(source, Gated, parameters, weights * height * width)

@autorecon.op
def liar(source, target):
    return autorecon.OpPlan(source, lambda: nn.PReLU(), parameters=2)
"""
TEACHER = """
import torch
from torch import nn

def good():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
    )
"""
SPACE = """space mine(classes = 3)
input z [4]: noise
input y: label(classes)
node a [2, 8, 8] then bn
output image [1, 8, 8]
link z -> a = linear
link a -> image = gated(3, y) >> conv(1) | conv(1)
"""
SMALL = [
    *("--with", "select.candidates=1"),
    *("--teacher", "gate_teacher:good", "--size", "8", "--data", "", "-q"),
    *("--with", "search.epochs=2", "--with", "search.warmup_epochs=1", "--with", "search.batch=4"),
    *("--with", "search.weight_steps=1", "--with", "search.architecture_steps=1"),
    *("--with", "compress.batch=4", "--with", "compress.warmup_steps=1"),
    *("--with", "compress.method=gdfq"),
    *("--with", "compress.steps=1", "--with", "compress.epochs=1"),
    *("--with", "compress.calibration_batches=1"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    (tmp_path / "gate_ops.py").write_text(OPS)
    (tmp_path / "gate_teacher.py").write_text(TEACHER)
    (tmp_path / "mine.space").write_text(SPACE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    forget(monkeypatch)
    yield
    OWN.clear()


def forget(monkeypatch):
    """As in a new process."""
    OWN.clear()
    for name in ("gate_ops", "gate_teacher"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def autorecon(*arguments: str, code: int = 0):
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def test_compile_knows_the_operation_with_ops_only():
    assert "E0202" in autorecon("compile", "mine.space", code=1).stderr
    shown = autorecon("compile", "mine.space", "--ops", "gate_ops").stdout
    weights = 4 * 128 + 128 + 4 + (2 * 2 * 9 + 3 * 2) + (2 + 1)
    assert f"{weights:,}" in shown


def test_a_run_records_the_module_and_goes_on_with_it(monkeypatch):
    autorecon("run", "mine.space", "--ops", "gate_ops", "-o", "r", *SMALL)
    assert tomllib.loads(Path("r/config.toml").read_text())["space"]["ops"] == ["gate_ops"]
    for command in (
        ["run", "--resume", "r", "--trust"],
        ["report", "r"],
        ["derive", "r", "--trust"],
    ):
        forget(monkeypatch)
        autorecon(*command)


def test_mistakes_are_one_line():
    assert "cannot import" in autorecon("compile", "paper", "--ops", "absent", code=2).stderr
    Path("liar.space").write_text(SPACE.replace("gated(3, y)", "gated(3, y) >> liar"))
    autorecon("compile", "liar.space", "--ops", "gate_ops")
    result = autorecon("search", "liar.space", "--ops", "gate_ops", "-o", "s", *SMALL, code=2)
    assert "`liar` says parameters=2, its module has 1" in result.stderr
