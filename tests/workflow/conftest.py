"""A whole run at a size that takes a second: 8x8 images, a teacher of one convolution, no data."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn

from remembered import captured_once as captured_once
from small_spaces import PAPER, PLAIN

TEACHER = """
import torch
from torch import nn

def teacher():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
    )
"""

SETTINGS = {
    "space": {"file": "paper.space", "baseline": "plain.space", "set": {"width": 2, "latent": 4}},
    "teacher": {"name": "tiny_teacher:teacher", "size": 8, "data": ""},
    "search": {
        "epochs": 2,
        "warmup_epochs": 1,
        "weight_steps": 1,
        "architecture_steps": 1,
        "batch": 4,
    },
    "memory": {"fits": "free"},  # as a run that goes on: what fits is told by tests of that
    "compress": {"batch": 4, "warmup_steps": 2, "steps": 2, "epochs": 2, "calibration_batches": 1},
}


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Run in a folder that holds the teacher's module; gives the settings."""
    return _enter(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def enter():
    """The same, for what is done once for several tests."""
    return _enter


def _enter(folder, patch):
    (folder / "tiny_teacher.py").write_text(TEACHER)
    (folder / "plain.space").write_text(PLAIN)
    (folder / "paper.space").write_text(PAPER)
    patch.chdir(folder)
    patch.syspath_prepend(str(folder))
    patch.delitem(sys.modules, "tiny_teacher", raising=False)
    patch.setattr("autorecon.workflow.invented.MOST_IMAGES", 32)
    return {key: dict(value) for key, value in SETTINGS.items()}


class Says(nn.Module):
    """Gives each image the logits that its first pixel names."""

    def __init__(self, *logits):
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))

    def forward(self, images):
        return self.logits[images[:, 0, 0, 0].long()]


@pytest.fixture
def says():
    """A network of which everything is known, made of its logits for the first pixels 0, 1, ..."""
    return Says
