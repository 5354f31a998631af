"""A study whose cells take moments: 8x8 images, a teacher of one convolution, 300 test images."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from autorecon.data import registry
from autorecon.report.study import write_tables
from autorecon.runs import Progress
from autorecon.study import run as running
from autorecon.study.cells import plan
from autorecon.study.executors import choose
from autorecon.study.executors.here import Here
from autorecon.study.folder import StudyFolder
from autorecon.study.spec import read_study
from remembered import captured_once as captured_once
from small_spaces import PAPER, PLAIN

MODULE = """
import multiprocessing, os, signal
import torch
from torch import nn
from autorecon import data

def toy(size):
    images = torch.rand(300, 1, 8, 8, generator=torch.Generator().manual_seed(3))
    split = data.Split(images, torch.arange(300) % 3)
    return data.Dataset("toy", 8, 1, ("a", "b", "c"), (0.5,), (0.3,), lambda which: split)

if "toy" not in data.names():
    data.register("toy", toy)

def teacher():
    if multiprocessing.parent_process() and os.path.exists("die"):
        os.kill(os.getpid(), signal.SIGKILL)
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
        nn.Flatten(), nn.Linear(256, 3),
    )
"""

STUDY = """
title = "A tiny study"
teachers = [{ name = "tiny_teacher:teacher", size = 8, data = "toy" }]
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
space = { file = "paper.space", set = { width = 2, latent = 4 } }
search = { epochs = 2, warmup_epochs = 1, weight_steps = 1, architecture_steps = 1, batch = 4 }

[[variant]]
name = "human-designed"
generator = "plain.space"

[[variant]]
name = "random genotype"
drawn = "paper"

[[variant]]
name = "discovered"
discovered = "paper"
"""


QUIET = Progress(quiet=True)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Run in a folder that holds the teacher's module; gives the study's text."""
    return _enter(tmp_path, monkeypatch)


@pytest.fixture
def done():
    """What does a study, of this text, in this folder, and gives its records."""
    return _done


@pytest.fixture
def here(monkeypatch):
    """Do cells in this process: what they do is the same, and starts at once."""
    monkeypatch.setattr(choose, "Pool", Here)


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """The tiny study of one seed, done; its folder and records."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("whole")
        text = _enter(folder, patch)
        patch.setattr(choose, "Pool", Here)
        return folder / "out", _done(text, "out", seeds=1)


@pytest.fixture
def copied(tiny, whole):
    """The text of a study that is done in the folder `out`, of one seed."""
    shutil.copytree(whole[0], "out")
    return tiny


def _enter(folder, patch):
    (folder / "tiny_teacher.py").write_text(MODULE)
    (folder / "plain.space").write_text(PLAIN)
    (folder / "paper.space").write_text(PAPER)
    patch.chdir(folder)
    patch.syspath_prepend(str(folder))
    patch.delitem(sys.modules, "tiny_teacher", raising=False)
    patch.setattr(registry, "_LOADERS", dict(registry._LOADERS))
    return STUDY


def _done(text, path, **changes):
    study, folder = read_study(text, "tiny", changes), StudyFolder(Path(path))
    records = running.run(study, folder, 1, QUIET)
    write_tables(folder, study, plan(study), records)
    return records
