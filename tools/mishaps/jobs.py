"""The smallest jobs there are: 8x8 images, a teacher of one convolution, two epochs of a step or
two; each takes a second, and writes all that a job of weeks does."""

from __future__ import annotations

from pathlib import Path

import attrs

MODULE = "campaign_teacher"
OUT = "out"

_TEACHER = """
import torch
from torch import nn

torch.manual_seed(0)
NETWORK = nn.Sequential(
    nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
)

def teacher():
    return NETWORK
"""

_SPACE = """
space little(width = 2, classes = 3, channels = 1, size = 8, latent = 4)
input z [latent]: noise
input y: label(classes)
node a [width, size/2, size/2] then bn
node b [width, size, size] then bn >> leaky_relu(0.2)
output image [channels, size, size] then tanh
link z -> a = linear
link y -> a = embed
link a -> b = nearest | bilinear
link b -> image = conv(3) | conv(1)
"""

_PLAIN = _SPACE.replace("little", "plain").replace(" | bilinear", "").replace(" | conv(1)", "")

_SEARCH = "epochs = 2\nwarmup_epochs = 1\nweight_steps = 1\narchitecture_steps = 1\nbatch = 4\n"
_COMPRESS = "batch = 4\nwarmup_steps = 1\nsteps = 2\nepochs = 2\ncalibration_batches = 1\n"

_SELECT = "candidates = 2\nimages = 8\n"

_SETTINGS = f"""
[teacher]
name = "{MODULE}:teacher"
size = 8
data = ""

[memory]
fits = "free"

[compress]
method = "gdfq"
{_COMPRESS}"""

_STUDY = f"""
title = "A little study"
teachers = [{{ name = "{MODULE}:teacher", size = 8, data = "" }}]
bits = ["w3a3"]
seeds = 1

[compress]
{_COMPRESS}
[[search]]
name = "little"
recipe = "paper"
space = {{ file = "little.space" }}
[search.search]
{_SEARCH}
[[variant]]
name = "human-designed"
generator = "plain.space"

[[variant]]
name = "discovered"
discovered = "little"
"""

_AUTO = f"""
trials = 4
bits = "w3a3"

[teacher]
name = "{MODULE}:teacher"
size = 8
data = ""

[compress]
batch = 4
warmup_steps = 20
steps = 40
calibration_batches = 1
statistics = false

[[search]]
name = "little"
recipe = "paper"
space = {{ file = "little.space" }}
[search.search]
{_SEARCH}
[[candidate]]
name = "found"
discovered = "little"
"""

FILES = {
    "little.space": _SPACE,
    "plain.space": _PLAIN,
    "both.toml": f"{_SETTINGS}\n[select]\n{_SELECT}\n[search]\n{_SEARCH}",
    "one.toml": _SETTINGS,
    "study.toml": _STUDY,
    "auto.toml": _AUTO,
}


@attrs.frozen
class Job:
    """A command and its options; one that writes a run's folder goes on with --resume."""

    name: str
    options: tuple[str, ...]
    mark: str = "config.toml"  # the file of a folder that was begun
    means: tuple[str, ...] = ()  # options that are given whenever it goes on

    def begin(self, *more: str) -> list[str]:
        return [self.name, *self.options, *self.means, "--trust", *more]

    def begin_there(self) -> list[str]:
        return self.begin("-o", OUT)

    def go_on(self, here: Path) -> list[str]:
        """In the folder where it was begun, however far it came."""
        if self.name == "study":
            return self.begin_there()
        begun = (here / OUT / self.mark).exists()
        if not begun:
            return self.begin_there()
        return [self.name, "--resume", OUT, *self.means, "--trust"]


JOBS = (
    Job("run", ("little.space", "--baseline", "plain.space", "--config", "both.toml")),
    Job("search", ("little.space", "--config", "both.toml")),
    Job("compress", ("plain.space", "--config", "one.toml")),
    Job("study", ("study.toml", "--jobs", "1")),
    # What is recorded of a trial is also how much memory it had.
    Job("auto", ("--config", "auto.toml"), "auto.toml", ("--jobs", "1", "--memory", "8G")),
)

READERS = (
    ("report", OUT),
    ("evaluate", OUT, "--trust"),
    ("derive", OUT, "-o", "derived.space", "--trust"),
    ("explain", OUT, "a -> b"),
    ("export", OUT, "-o", "exported.onnx", "--trust"),
    ("study", OUT, "--table", "--trust"),
)
"""What reads a job's folder, and writes no more than beside what is there."""


def lay_out(here: Path) -> None:
    """Write what the jobs are begun with."""
    here.mkdir(parents=True)
    for name, text in FILES.items():
        (here / name).write_text(text)


def teacher(folder: Path) -> None:
    (folder / f"{MODULE}.py").write_text(_TEACHER)
