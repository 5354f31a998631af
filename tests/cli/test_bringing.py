"""A network of one's own from the command line to its report: rectangular images, a `.pth` file,
answers in a dict, and what was done to it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from torch import nn

from autorecon.cli import cli
from autorecon.records.results import read_results

NETWORKS = """
from torch import nn

class Answering(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1)]
        self.net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(4, 3))

    def forward(self, x):
        return {"logits": self.net(x), "images": x}

def layers():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 6), nn.ReLU(), nn.Linear(6, 3))
"""
SMALL = [
    *("--with", "compress.warmup_steps=1", "--with", "compress.steps=1", "--data", ""),
    *("--with", "compress.epochs=1", "--with", "compress.calibration_batches=1"),
    *("--with", "compress.batch=4"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_networks.py").write_text(NETWORKS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "my_networks", raising=False)


def autorecon(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def test_a_checkpoint_of_rectangular_images_to_its_report() -> None:
    layers = [nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1)]
    state = nn.Sequential(*layers, nn.Flatten(), nn.Linear(4, 3)).state_dict()
    torch.save({"state_dict": {f"module.net.{k}": v for k, v in state.items()}}, "mine.pth")
    mine = ["--teacher", "my_networks:Answering", "--weights", "mine.pth", "--size", "16x8"]
    result = autorecon("compress", "gdfq-cifar", "--set", "latent=4", *mine, *SMALL, "-o", "c")
    assert result.exit_code == 0, result.output
    said = next(line for line in result.stderr.splitlines() if line.startswith("my_networks:"))
    assert "`state_dict` of the file; `module.` was taken off" in said
    assert "'logits' are the logits" in said
    results = read_results(Path("c/results.json"))
    assert results.teacher.size == (16, 8)
    assert "; ".join(results.teacher.changes) in said
    page = Path("c/report.html").read_text()
    assert "Teacher, as loaded" in page
    assert autorecon("report", "c").exit_code == 0
    assert Path("c/report.html").read_text() == page
    assert autorecon("compress", "--resume", "c", "--trust").exit_code == 0


def test_a_search_with_rectangular_images() -> None:
    small = ["--with", "search.epochs=1", "--with", "search.warmup_epochs=0", "--with"]
    small += ["search.weight_steps=1", "--with", "search.architecture_steps=1", "--with"]
    small += ["search.batch=4", "--with", "select.candidates=1", "--set", "width=2"]
    mine = ["--teacher", "my_networks:Answering", "--size", "16x8", "--data", ""]
    result = autorecon("search", "paper", *mine, *small, "-o", "s", "-q")
    assert result.exit_code == 0, result.output
    assert autorecon("report", "s").exit_code == 0
    compressed = autorecon("compress", "s/genotype.space", *mine, *SMALL, "-o", "c", "-q")
    assert compressed.exit_code == 0, compressed.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--size", "16x"], "'16x' is not a number of pixels, or height and width as 224x160"),
        (["--size", "0x8"], "a whole number of pixels above 0"),
        (["--size", "8x8x8"], "is not a number of pixels"),
        ([], "give it in pixels with --size"),
        (["--size", "16x8", "--data", "fashion-mnist"], "has square images, not 16x8"),
    ],
)
def test_what_does_not_fit(arguments: list[str], said: str) -> None:
    mine = ["--teacher", "my_networks:Answering", "--data", "", *arguments]
    result = autorecon("compress", "gdfq-cifar", *mine)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert not Path("runs").exists()


def test_a_space_of_square_images() -> None:
    space = "space small(size = 8)\ninput z [2]: noise\noutput image [1, size, size]\n"
    Path("small.space").write_text(space + "link z -> image = linear\n")
    mine = ["--teacher", "my_networks:Answering", "--size", "16x8"]
    result = autorecon("compress", "small.space", "--method", "dfad", *mine, "--data", "")
    assert result.exit_code == 2
    assert "`rows = size, columns = size`" in result.stderr


def test_a_network_without_convolutions_and_norms() -> None:
    mine = ["--teacher", "my_networks:layers", "--size", "8", "--data", ""]
    refused = autorecon("compress", "gdfq-cifar", "--method", "calibration", *mine)
    assert "give it with --channels" in refused.stderr
    refused = autorecon("compress", "--method", "zeroq", *mine, "--channels", "1")
    assert "needs BatchNorm layers with running statistics" in refused.stderr
    settings = ("warmup_steps=1", "epochs=1", "calibration_batches=1", "batch=4", "objective=ce")
    given = [word for setting in settings for word in ("--with", f"compress.{setting}")]
    mine += ["--channels", "1", "-o", "c"]
    done = autorecon("compress", "gdfq-cifar", "--method", "calibration", *mine, *given)
    assert done.exit_code == 0, done.output
    assert json.loads(Path("c/results.json").read_text())["teacher"]["size"] == 8
