"""A stage that is a random walk, and what a run of it leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from autorecon.runs import Progress, RunFolder, drive, read_lines

EPOCHS = 5
STEPS = 3
QUIET = Progress(quiet=True)


class Boom(ValueError):
    exit_code = 1


@attrs.define
class Walk:
    """A random walk; it raises `error` in the middle of epoch `fails`."""

    name: str = "search"
    epochs: int = EPOCHS
    fails: int = -1
    error: BaseException = attrs.field(factory=Boom)
    ran: list[int] = attrs.field(factory=list)
    step: int = 0
    place: Tensor = attrs.field(factory=lambda: torch.zeros(2))
    generator: torch.Generator = attrs.field(factory=lambda: torch.Generator().manual_seed(1))

    @property
    def ticks(self) -> int:
        return self.epochs * STEPS

    def run_epoch(self, epoch: int, tick: Callable[[], None]) -> dict[str, Any]:
        self.ran.append(epoch)
        while self.step < STEPS:
            self.place += torch.randn(2, generator=self.generator)
            if (epoch, self.step) == (self.fails, 1):
                raise self.error
            self.step += 1
            tick()
        self.step = 0
        return {"at": self.place.tolist(), "scale": float("inf")}

    def state_dict(self) -> dict[str, Any]:
        return {"place": self.place, "generator": self.generator.get_state(), "step": self.step}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.place, self.step = state["place"], state["step"]
        self.generator.set_state(state["generator"])


def rows(run: RunFolder) -> list[dict[str, Any]]:
    return [{**row, "seconds": 0} for row in read_lines(run.metrics_path)]


def uninterrupted(tmp_path: Path) -> tuple[list[dict[str, Any]], list[Any]]:
    run = RunFolder.create(tmp_path / "uninterrupted", {})
    stage = Walk()
    drive(stage, run, QUIET)
    return rows(run), [stage.place.tolist()]
