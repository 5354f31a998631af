"""A study whose cells take moments: 8x8 images, a teacher of one convolution, no data."""

from __future__ import annotations

import sys

import pytest

MODULE = """
import torch
from torch import nn

def teacher():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
    )
"""

STUDY = """
title = "A tiny study"
teachers = [{ name = "tiny_teacher:teacher", size = 8, data = "" }]
bits = ["w3a3"]
seeds = 2
compare = ["human-designed"]

[compress]
batch = 4
warmup_steps = 2
steps = 4
epochs = 2
calibration_batches = 1

[[search]]
name = "paper"
recipe = "paper"
space = { file = "paper", set = { width = 2, latent = 4 } }
search = { epochs = 2, warmup_epochs = 1, weight_steps = 1, architecture_steps = 1, batch = 4 }

[[variant]]
name = "human-designed"
generator = "gdfq-cifar"

[[variant]]
name = "random genotype"
drawn = "paper"

[[variant]]
name = "discovered"
discovered = "paper"
"""


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Run in a folder that holds the teacher's module; gives the study's text."""
    (tmp_path / "tiny_teacher.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "tiny_teacher", raising=False)
    return STUDY
