"""`autorecon explain`, and searches with a front, as a user meets them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from autorecon.cli import cli

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
SPACE = """space small(classes = 3, channels = 1, size = 8)
let half = size / 2
input z [4]: noise
input y: label(classes)
node a [2, half, half] then bn
output image [channels, size, size]
link z -> a = linear
link y -> a = embed
link a -> image = nearest >> conv(1) | nearest >> conv(3) | none
"""
SMALL = [
    *("--with", "select.candidates=1"),
    *("--teacher", "my_teachers:good", "--size", "8", "--data", "", "-q"),
    *("--with", "search.epochs=2", "--with", "search.warmup_epochs=1"),
    *("--with", "search.weight_steps=1", "--with", "search.architecture_steps=6"),
    *("--with", "search.batch=4"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    (tmp_path / "my_teachers.py").write_text(TEACHER)
    (tmp_path / "small.space").write_text(SPACE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "my_teachers", raising=False)
    return tmp_path


def autorecon(*arguments):
    return CliRunner().invoke(cli, [str(a) for a in arguments])


def test_search_with_a_strategy_then_explain():
    options = ["--strategy", "darts", "--derive", "perturbation"]
    assert autorecon("search", "small.space", *SMALL, *options, "-o", "s").exit_code == 0
    text = autorecon("explain", "s", "a -> image").stdout
    (found,) = json.loads(autorecon("explain", "s", "a->image", "--json").stdout)
    rows = [json.loads(line) for line in Path("s/metrics.jsonl").read_text().splitlines()]
    assert found["options"][0]["probabilities"] == [
        row["probabilities"]["a->image"][0] for row in rows
    ]
    assert f"a -> image: {found['chosen']}, after 2 of 2 epochs" in text
    assert "epoch 1  epoch 2  loss without  weights" in text
    assert "strategy   darts: softmax" in text
    assert "derived    perturbation: " in text
    result = autorecon("explain", "s", "a -> imag")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "did you mean `a->image`" in result.stderr
    assert autorecon("derive", "s", "--trust", "--derive", "argmax").exit_code == 0
    assert autorecon("derive", "s", "--trust", "--derive", "best").exit_code == 2


def test_what_was_selected_is_told():
    options = [
        *("--with", "compress.method=gdfq"),
        *("--with", "select.candidates=2", "--with", "compress.steps=2"),
        *("--with", "compress.warmup_steps=0", "--with", "compress.batch=4"),
        *("--with", "select.images=8", "--with", "compress.calibration_batches=1"),
        *("--with", "compress.epochs=1"),
    ]
    result = autorecon("search", "small.space", *SMALL, *options, "-o", "s")
    assert result.exit_code == 0, result.stderr
    trials = json.loads(Path("s/derivation.json").read_text())["trials"]
    best = max(trials, key=lambda trial: trial["agreement"]["1000001"])
    assert f"a -> image = {best['choices']['a->image']}" in result.stdout
    text = autorecon("explain", "s", "a -> image").stdout
    assert f"{best['agreement']['1000001']:.2f}%" in text
    assert "selected   from 2 architectures" in text
    assert autorecon("report", "s").exit_code == 0
    page = Path("s/report.html").read_text()
    assert "Seed 1000001" in page
    assert "<b>(genotype.space)</b>" in page


def test_search_for_a_front():
    result = autorecon("search", "small.space", *SMALL, "--strategy", "pareto", "-o", "s", "--json")
    values = json.loads(result.stdout)
    assert values["front"] == json.loads(Path("s/front/front.json").read_text())
    assert Path("s", values["front"][0]["file"]).exists()
    shown = autorecon("search", "--resume", "s", "--trust").stderr
    assert "Pareto front\n  file            id" in shown
    assert values["front"][0]["id"] in shown


def test_mistakes_are_told_before_anything_is_made():
    for options, message in [
        (["--strategy", "dart"], "did you mean `darts`"),
        (["--strategy", "pareto", "--objective", "ce + macs"], "leave out 'macs'"),
        (["--strategy", "random", "--derive", "sample"], "needs learnt probabilities"),
        (["--strategy", "darts", "--with", "search.gumbel.tau=2.0"], "not for strategy 'darts'"),
    ]:
        result = autorecon("search", "small.space", *SMALL, *options)
        assert (result.exit_code, result.stdout) == (2, "")
        assert message in result.stderr
    assert not Path("runs").exists()
