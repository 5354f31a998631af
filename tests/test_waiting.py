"""No step waits for the device that it is computed on, and all that it computes meets there."""

from __future__ import annotations

import functools
from typing import Any

import attrs
import pytest
import torch
from torch import Tensor, nn

import autorecon
from apart import DEVICE, Apart
from autorecon.compress import METHODS, CompressConfig, Compression
from autorecon.lowering.fourier import Fourier
from autorecon.lowering.passes import PASSES
from autorecon.nn import Compute
from autorecon.search import STRATEGIES, Search, SearchConfig
from autorecon.teachers.architectures import ARCHITECTURES
from remembered import captured_once as captured_once

# Edges with one norm, some that can be cut, and one that is multiplied as spectra.
SPACE = """space small(classes = 3)
choice norm = bn | identity
input z [4]: noise
input y: label(classes)
node a [4, 4, 4]
node b [8, 8, 8] then norm >> relu
node c [8, 8, 8] then relu
output image [1, 8, 8]
link z -> a = linear
link y -> a = embed
link a -> b = nearest >> conv(1) | bilinear >> conv(1) | none
link a -> image = nearest >> norm >> conv(1) | none
link b -> c = conv(3) | conv(5) | conv(7) | conv(5, dilation=2) | conv(7, dilation=2)
link c -> image = conv(1)
"""
GENERATOR = """space generator(classes = 3)
input z [4]: noise
input y: label(classes)
node a [4, 4, 4] then bn
output image [1, 8, 8] then tanh
link z -> a = linear
link y -> a = embed
link a -> image = nearest >> conv(3)
"""
CHOOSING = ("hard", "two-path")
"""Strategies that look at alpha to give out what is computed, after each step that changed it."""


class Tiny(nn.Module):
    """A student of 8x8 images, with all kinds of layers that have a mode."""

    def __init__(self, classes: int, channels: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(channels, 2, 3, padding=1), nn.BatchNorm2d(2)
        self.drop, self.head = nn.Dropout(0.1), nn.Linear(2, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.drop(self.norm(self.conv(x)).relu().mean((2, 3))))


def teacher() -> nn.Module:
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)).eval()


def _plain(kind: type[torch.optim.Optimizer], *args: Any, **settings: Any) -> Any:
    return kind(*args, **settings | {"fused": None})


@pytest.fixture(autouse=True)
def _real_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch fuses optimisers, and autocasts, for real devices alone."""
    for name in ("Adam", "SGD"):
        kind = getattr(torch.optim, name)
        monkeypatch.setattr(torch.optim, name, functools.partial(_plain, kind))
    monkeypatch.setattr("autorecon.nn.convolve.computed_in", lambda x: x.dtype)


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operations that are done again and again, since each takes long without values."""
    monkeypatch.setattr("autorecon.compress.quantization.ranges.TRIES", 3)
    monkeypatch.setattr("autorecon.compress.engine.keeping.BATCHES", 1)


def watched(stage: Any) -> list[tuple[int, int]]:
    """What each step of an epoch sends and fetches; its losses are fetched after the last."""
    found = []
    with Apart() as apart:

        def tick() -> None:
            found.append((apart.sent, apart.fetched))
            apart.sent = apart.fetched = 0

        stage.run_epoch(0, tick)
    return found


@pytest.mark.parametrize(
    ("name", "objective"), [*((name, "ce + bns") for name in STRATEGIES), ("log", "ce + macs")]
)
def test_a_step_of_a_search_waits_for_nothing(
    name: str, objective: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = STRATEGIES[name]
    config = SearchConfig(
        name, objective, epochs=1, warmup_epochs=0, weight_steps=2, architecture_steps=2, batch=4
    )
    always = tuple(attrs.evolve(p, slower=0) if isinstance(p, Fourier) else p for p in PASSES)
    monkeypatch.setattr("autorecon.lowering.passes.PASSES", always)
    net = autorecon.supernet(autorecon.loads(SPACE), seed=0)
    stage = Search(net, teacher(), config, compute=Compute(device=DEVICE))
    steps = watched(stage)
    weights, architecture = steps[:2], steps[2:]
    # What choosing asks for is on the host after the first draw, until a step has changed it.
    chooses = int(name in CHOOSING)
    assert [fetched for _, fetched in weights] == [chooses, 0]
    expected = [0, chooses] if info.learns else [1, 1]
    assert [fetched for _, fetched in architecture] == expected


@pytest.mark.parametrize(("name", "parts"), [*((name, 1) for name in METHODS), ("gdfq", 2)])
def test_a_step_of_a_compression_waits_for_nothing(
    name: str, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ARCHITECTURES, "tiny", Tiny)
    method = METHODS[name]
    small = {
        "batch": 6, "warmup_steps": 2, "image_batches": 2, "image_steps": 2, "steps": 4,
        "epochs": 1, "calibration_batches": 1, "student": "tiny", "rounds": 2,
    }  # fmt: skip
    wanted = {key: value for key, value in small.items() if key in method.settings}
    if not method.settings.get("warmup_steps", 1):
        del wanted["warmup_steps"]
    net = (
        autorecon.generator(autorecon.loads(GENERATOR), seed=0)
        if method.source == "generator"
        else None
    )
    config, compute = CompressConfig(method=name, **wanted), Compute(device=DEVICE)
    stage = Compression(teacher(), config, net, image_shape=(1, 8, 8), compute=compute, parts=parts)
    fetched = [count for _, count in watched(stage)]
    assert len(fetched) == config.ticks
    if name == "ait":  # how far a step is scaled is looked for
        assert max(fetched) < 40
        return
    # Before the student's first step, whether its activations were seen; of ZSKD's pictures the
    # answers are drawn on the host, a batch at a time.
    calibrates = method.family == "quantization" and method.loss is not None
    assert sum(fetched) == config.image_batches * (name == "zskd") + int(calibrates)


@pytest.mark.parametrize("ranges", ["percentile", "mse", "minmax"])
@pytest.mark.parametrize("scheme", ["gdfq", "integer"])
def test_neither_does_calibrating(ranges: str, scheme: str) -> None:
    config = CompressConfig(
        "gdfq", scheme=scheme, ranges=ranges, batch=6, warmup_steps=1, steps=1, epochs=1
    )
    net = autorecon.generator(autorecon.loads(GENERATOR), seed=0)
    stage = Compression(teacher(), config, net, compute=Compute(device=DEVICE))
    assert [fetched for _, fetched in watched(stage)] == [0, 1]
