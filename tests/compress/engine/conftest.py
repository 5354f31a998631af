"""Compressions of tiny nets, and what two of them have in common."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from autorecon.compress import CompressConfig, Compression
from autorecon.nn import Compute
from autorecon.records.score import Score

Make = Callable[..., Compression]


@pytest.fixture
def make(teacher: nn.Module, generator: nn.Module) -> Make:
    """Fresh copies of everything at each call: 4 epochs of 3 steps, 5 of the 12 for warm-up."""

    def build(
        evaluate: Callable[[nn.Module], Score] | None = None,
        compute: Compute = Compute(),
        parts: int = 1,
        **settings: object,
    ) -> Compression:
        plain = {"batch": 8, "warmup_steps": 5, "steps": 7, "epochs": 4, "calibration_batches": 2}
        config = CompressConfig(**plain | settings)
        nets = copy.deepcopy(teacher), config, copy.deepcopy(generator)
        return Compression(*nets, evaluate, compute=compute, parts=parts)

    return build


def ignore() -> None:
    """A tick that nobody watches."""


def run(stage: Compression, epochs: range) -> list[dict[str, object]]:
    return [stage.run_epoch(epoch, ignore) for epoch in epochs]


def fingerprint(module: nn.Module) -> Score:
    """One that no two states share."""
    return Score(sum(float(p.double().abs().sum()) for p in module.parameters()))


def equal(one: object, other: object) -> bool:
    """Equality of nested states, bit for bit."""
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return one == other
