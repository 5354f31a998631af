"""Stages whose steps several processes take together: the first leads, the others follow.

The leader drives a stage as one process does: it alone reads and writes the run's files, measures
students and prints. It tells the others which stage it is at and from which checkpoint, and after
each step whether to go on; between stages they wait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import nn

from autorecon.compress import CompressError, Compression
from autorecon.nn.processes import Processes, alone
from autorecon.nn.whole_batch import together
from autorecon.objective import DivergedError
from autorecon.records.score import Score
from autorecon.runs import Checkpoints, RunFolder, Stage
from autorecon.runs.launched import Launched
from autorecon.search import Search
from autorecon.workflow.config import ConfigError, RunConfig
from autorecon.workflow.prepare import Prepared

ALIKE = (DivergedError, CompressError)
"""What a step raises in all processes if in any, since all have the same losses."""

Evaluate = Callable[[nn.Module], Score]


def lead(
    stage: Search | Compression, folder: RunFolder, prepared: Prepared, make: str, **given: Any
) -> Stage:
    """The stage, with its steps taken by all processes of the run, if there are several.

    `make` and what is `given` to it tell the others how to make theirs (`following.MAKE`).
    """
    if prepared.launched is None:
        return stage
    return Led(stage, prepared.launched, folder.checkpoint_path, {"make": make, "given": given})


class Led:
    """A stage that others follow; to whoever drives it, it is as the stage itself."""

    def __init__(
        self, stage: Search | Compression, launched: Launched, root: Path, order: dict[str, Any]
    ) -> None:
        self.name, self.epochs, self.ticks = stage.name, stage.epochs, stage.ticks
        self.ticks_before = stage.ticks_before
        self.state_dict, self.load_state_dict = stage.state_dict, stage.load_state_dict
        self._stage, self._launched, self._order = stage, launched, order
        self._checkpoints = Checkpoints(root, stage.name)
        self._begun = self._stopped = False

    def run_epoch(self, epoch: int, tick: Callable[[], None]) -> Mapping[str, Any]:
        if not self._begun:
            self._begin()
        self._launched.tell(True)
        try:
            with together(processes(self._launched)):
                return self._stage.run_epoch(epoch, lambda: self._tick(tick))
        except BaseException as error:
            if not self._stopped and not isinstance(error, ALIKE):
                self._launched.break_off()
            raise

    def _begin(self) -> None:
        """The newest checkpoint is what the stage was brought to, or began with."""
        scored = False
        if isinstance(self._stage, Compression) and self._stage.evaluate:
            self._stage.evaluate, scored = self._telling(self._stage.evaluate), True
        file = self._checkpoints.paths()[0].name
        self._launched.tell(self._order | {"checkpoint": file, "scored": scored})
        self._begun = True

    def _tick(self, tick: Callable[[], None]) -> None:
        try:
            tick()
        except BaseException:
            self._stopped = True
            self._launched.tell(False)
            raise
        self._launched.tell(True)

    def _telling(self, evaluate: Evaluate) -> Evaluate:
        def scored(module: nn.Module) -> Score:
            with alone():
                score = evaluate(module)
            self._launched.tell(attrs.asdict(score))
            return score

        return scored


def processes(launched: Launched) -> Processes:
    return Processes(launched.rank, launched.size)


def check_shares(config: RunConfig, launched: Launched | None) -> None:
    """Raise ConfigError unless each process can have the same number of a batch's images, and a
    device of its own."""
    if launched is None:
        return
    batches = {"search.batch": config.search.batch} if config.command != "compress" else {}
    if config.compresses and config.compress.batch:
        batches["compress.batch"] = config.compress.batch
    for name, batch in batches.items():
        if batch % launched.size:
            raise ConfigError(_uneven(name, batch, launched.size))
    if config.device == "cpu":
        return
    if config.device != "cuda":
        raise ConfigError(
            f"device = '{config.device}' is that of one process: with several write --device cuda, "
            "and each takes its own"
        )
    if launched.local_size > (found := torch.cuda.device_count()):
        raise ConfigError(
            f"there are {launched.local_size} processes here and {found} GPUs: start one for each"
        )


def _uneven(name: str, batch: int, size: int) -> str:
    if batch < size:
        return f"{name} = {batch} leaves some of {size} processes no image: start {batch} at most"
    return (
        f"{name} = {batch} cannot be shared alike by {size} processes: make it a multiple, as by "
        f"--with {name}={batch + size - batch % size}"
    )
