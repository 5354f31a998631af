"""What a process does that does not lead: it takes its share of each step of the leader's."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs
from torch import nn

from autorecon.compress import Compression
from autorecon.nn.whole_batch import together
from autorecon.records.score import Score
from autorecon.runs import Checkpoint, Checkpoints, RunFolder
from autorecon.runs.launched import EndedError, Launched, seen
from autorecon.search import Search
from autorecon.workflow import run, select, stages
from autorecon.workflow.leading import ALIKE, processes
from autorecon.workflow.prepare import Prepared

Make = Callable[..., Search | Compression]

MAKE: Mapping[str, Make] = MappingProxyType(
    {"search": stages.search_stage, "compression": run.compression_of, "trial": select.trial}
)
"""How a stage is made that the leader is at, given the run and what the leader says."""


class _StoppedError(Exception):
    """The leader goes no further with a stage."""


def follow(launched: Launched, command: str) -> None:
    """Follow the leader's run to its end; it says where that is.

    Signals to end are the leader's: it comes to the end of the step with all others.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(EndedError):
        path = Path(launched.hear())
        seen(path / "config.toml")
        # What the leader does not trust it does not open.
        folder, prepared = run.resume(path, command, trust=True, launched=launched)
        stages.set_threads(prepared.config.threads)
        prepared = attrs.evolve(prepared, dataset=None, exam=None, invents=False)
        while True:
            _take_steps(folder, prepared, launched, launched.hear())


def _take_steps(
    folder: RunFolder, prepared: Prepared, launched: Launched, order: Mapping[str, Any]
) -> None:
    stage = MAKE[order["make"]](folder, prepared, **order["given"])
    if order["scored"] and isinstance(stage, Compression):
        stage.evaluate = lambda module: _told(launched, module)
    begun = _bring(stage, folder, order["checkpoint"])

    def tick() -> None:
        if not launched.hear():
            raise _StoppedError

    with contextlib.suppress(_StoppedError, *ALIKE), together(processes(launched)):
        for epoch in range(begun.epoch, stage.epochs):
            tick()
            stage.run_epoch(epoch, tick)


def _bring(stage: Search | Compression, folder: RunFolder, file: str) -> Checkpoint:
    """Give a stage the state from which the leader's goes on."""
    checkpoints = Checkpoints(folder.checkpoint_path, stage.name)
    seen(checkpoints.folder / file)
    checkpoint = checkpoints.load(checkpoints.folder / file)
    checkpoints.put(checkpoint, stage)
    return checkpoint


def _told(launched: Launched, module: nn.Module) -> Score:
    """What the leader measured of its student, which is as this one."""
    return Score(**launched.hear())
