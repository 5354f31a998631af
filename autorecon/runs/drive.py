"""Run a stage of work epoch by epoch so that it can be interrupted anywhere."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import attrs

from autorecon.runs.atomic import write_bytes
from autorecon.runs.errors import RunError
from autorecon.runs.folder import RunFolder
from autorecon.runs.lines import Lines, read_lines
from autorecon.runs.progress import Progress
from autorecon.runs.tensors import load_state, save_state

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_FILE = re.compile(r"epoch-(\d+)\.safetensors")


class Stage(Protocol):
    """A resumable piece of work.

    What `run_epoch` does depends only on the state: after `load_state_dict(state_dict())`, in
    another process as well, it goes on bit for bit. A stage whose epochs differ in steps may have
    `ticks_before(epoch) -> int` too.
    """

    name: str  # words with slashes between them, as "compress/discovered/seed0"
    epochs: int
    ticks: int  # optimiser steps over all epochs

    def run_epoch(self, epoch: int, tick: Callable[[], None]) -> Mapping[str, Any]:
        """Run epoch 0, 1, ... with one `tick()` a step, and give the row for metrics.jsonl."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next epoch depends on, random generators too."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""


def drive(stage: Stage, folder: RunFolder, progress: Progress, *, apart: bool = False) -> None:
    """Run what is left of `stage`, with a checkpoint after each epoch.

    Stages of a folder run one after the other, under `folder.lock()`. metrics.jsonl is cut back
    to what the newest checkpoint had seen and gains one row an epoch: stage, epoch (from 0),
    seconds and what `run_epoch` gave. A finished stage is only restored. Whatever interrupts an
    epoch propagates with a note that names the stage, the checkpoint and how to continue.

    Different stages may run at the same time for who holds the lock if they run `apart`: then the
    rows are beside the checkpoints until the stage is driven once more, without.
    Raises RunError if a checkpoint cannot be written, read, or was made for other `epochs`.
    """
    checkpoints = Checkpoints(folder.checkpoint_path, stage.name)
    own = Lines(checkpoints.rows_path)
    if apart and not checkpoints.paths():
        # Before the first checkpoint, which is of this file's rows from then on.
        write_bytes(own.path, b"")
    metrics = own if apart or own.path.exists() else Lines(folder.metrics_path)
    epoch = _restore(stage, checkpoints, metrics, progress)
    if epoch < stage.epochs:
        done = _ticks_before(stage, epoch)
        with progress.task(stage.name, stage.ticks, done) as tick:
            for current in range(epoch, stage.epochs):
                with _noting(stage, current, checkpoints, folder):
                    offset = metrics.append(_timed(stage, current, tick))
                    checkpoints.save(_snapshot(stage, current + 1, offset))
    checkpoints.keep(1)
    if not apart and own.path.exists():
        _take_over(own, folder.metrics_path, stage.name)


def _take_over(own: Lines, metrics: Path, stage: str) -> None:
    """Put the rows that a stage has of its own among those of all, each once."""
    known = sum(row.get("stage") == stage for row in read_lines(metrics))
    for row in read_lines(own.path)[known:]:
        Lines(metrics).append(row)
    own.path.unlink()


@attrs.frozen
class Checkpoint:
    """A stage after `epoch` of its `epochs`, when metrics.jsonl was `offset` bytes long."""

    stage: str
    epoch: int = attrs.field(validator=[attrs.validators.instance_of(int), attrs.validators.ge(0)])
    epochs: int = attrs.field(validator=attrs.validators.instance_of(int))
    offset: int = attrs.field(validator=[attrs.validators.instance_of(int), attrs.validators.ge(0)])
    state: dict[str, Any] = attrs.field(validator=attrs.validators.instance_of(dict), repr=False)


@attrs.frozen
class Checkpoints:
    """One stage's checkpoints, `ROOT/STAGE/epoch-00012.safetensors`, of which two are kept."""

    root: Path
    stage: str = attrs.field(validator=attrs.validators.matches_re(_NAME))

    def paths(self) -> list[Path]:
        """Newest first."""
        found = [path for path in self._folder.glob("*") if _FILE.fullmatch(path.name)]
        return sorted(found, key=_epoch_of, reverse=True)

    def save(self, checkpoint: Checkpoint) -> None:
        path = self._folder / f"epoch-{checkpoint.epoch:05d}.safetensors"
        save_state(path, attrs.asdict(checkpoint, recurse=False))
        self.keep(2)

    def keep(self, count: int) -> None:
        """Delete all but the newest `count`."""
        for path in self.paths()[count:]:
            with contextlib.suppress(OSError):
                path.unlink()

    def newest(self, progress: Progress) -> Checkpoint | None:
        """The newest one that can be read; None if there is none.

        Says which ones are damaged and passed over. Raises RunError if all are.
        """
        paths = self.paths()
        for path in paths:
            try:
                return self._load(path)
            except RunError as error:
                if path == paths[-1]:
                    raise
                progress.say(f"{error}; going back to the checkpoint before it")
        return None

    def _load(self, path: Path) -> Checkpoint:
        state = load_state(path)
        try:
            checkpoint = Checkpoint(**state)
        except (TypeError, ValueError) as error:
            raise RunError(f"{path} is not a checkpoint of a stage") from error
        if checkpoint.stage != self.stage:
            raise RunError(f"{path} is a checkpoint of {checkpoint.stage}, not of {self.stage}")
        return checkpoint

    @property
    def rows_path(self) -> Path:
        """Where the rows of a stage are that runs beside others."""
        return self._folder / "metrics.jsonl"

    @property
    def _folder(self) -> Path:
        return self.root / self.stage


def _restore(stage: Stage, checkpoints: Checkpoints, metrics: Lines, progress: Progress) -> int:
    """Bring stage and metrics to the newest checkpoint, or make the first; give its epoch."""
    checkpoint = checkpoints.newest(progress)
    if checkpoint is None:
        # Recorded before the first epoch, so that rows of an unfinished one can be told.
        checkpoints.save(_snapshot(stage, 0, metrics.mend()))
        return 0
    if checkpoint.epochs != stage.epochs:
        raise RunError(
            f"{stage.name} was started for {checkpoint.epochs} epochs and cannot go on for "
            f"{stage.epochs}: leave the setting as it was, or start in another folder"
        )
    stage.load_state_dict(checkpoint.state)
    # Rows after a finished stage's last checkpoint are the later stages'.
    if checkpoint.epoch < checkpoint.epochs:
        metrics.truncate(checkpoint.offset)
    return checkpoint.epoch


def _snapshot(stage: Stage, epoch: int, offset: int) -> Checkpoint:
    return Checkpoint(stage.name, epoch, stage.epochs, offset, stage.state_dict())


def _timed(stage: Stage, epoch: int, tick: Callable[[], None]) -> dict[str, Any]:
    start = time.perf_counter()
    row = stage.run_epoch(epoch, tick)
    seconds = round(time.perf_counter() - start, 3)
    return {"stage": stage.name, "epoch": epoch, "seconds": seconds, **row}


@contextlib.contextmanager
def _noting(
    stage: Stage, epoch: int, checkpoints: Checkpoints, folder: RunFolder
) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        last = next(iter(checkpoints.paths()), "gone")
        error.add_note(
            f"{stage.name} stopped in epoch {epoch + 1} of {stage.epochs}; its last checkpoint is "
            f"{last}; continue with --resume {folder.path}"
        )
        raise


def _ticks_before(stage: Stage, epoch: int) -> int:
    ticks_before: Callable[[int], int] | None = getattr(stage, "ticks_before", None)
    if ticks_before:
        return ticks_before(epoch)
    return stage.ticks * epoch // max(stage.epochs, 1)


def _epoch_of(path: Path) -> int:
    match = _FILE.fullmatch(path.name)
    return int(match[1]) if match else -1
