"""Run a stage of work step by step so that it can be interrupted anywhere."""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import attrs

from autorecon.runs.atomic import write_bytes
from autorecon.runs.errors import DamagedError, RunError
from autorecon.runs.folder import RunFolder
from autorecon.runs.lines import Lines, read_lines
from autorecon.runs.progress import Progress
from autorecon.runs.stopping import stopping
from autorecon.runs.tensors import load_state, save_state

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_FILE = re.compile(r"epoch-(\d+)(?:-step-(\d+))?\.safetensors")

EVERY = 60.0
"""Seconds between checkpoints, at least."""
_SHARE = 0.05  # of the time that checkpoints may take, at most


class Stage(Protocol):
    """A resumable piece of work.

    What `run_epoch` does depends only on the state: after `load_state_dict(state_dict())`, in
    another process as well, it goes on bit for bit, from the middle of an epoch too. A stage whose
    epochs differ in steps may have `ticks_before(epoch) -> int` too.
    """

    name: str  # words with slashes between them, as "compress/discovered/seed0"
    epochs: int
    ticks: int  # optimiser steps over all epochs

    def run_epoch(self, epoch: int, tick: Callable[[], None]) -> Mapping[str, Any]:
        """Run what is left of epoch 0, 1, ... with one `tick()` after each step, and give the row
        of the whole epoch for metrics.jsonl."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that what follows depends on, random generators too; `tick` may ask for it.
        Of a stage that is done, what its results are made of."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""


def drive(stage: Stage, folder: RunFolder, progress: Progress, *, apart: bool = False) -> None:
    """Run what is left of `stage`, with a checkpoint from time to time and at its end.

    Stages of a folder run one after the other, under `folder.lock()`. metrics.jsonl is cut back
    to what the newest checkpoint had seen and gains one row an epoch: stage, epoch (from 0),
    seconds and what `run_epoch` gave. A finished stage is only restored. Told to end (SIGINT,
    SIGTERM), it makes a checkpoint after the step that it is in and raises KeyboardInterrupt; told
    twice it ends at once. Whatever interrupts an epoch propagates with a note that names the
    stage, the checkpoint and how to continue.

    Different stages may run at the same time for who holds the lock if they run `apart`: then the
    rows are beside the checkpoints until the stage is driven once more, without.
    Of a checkpoint that is damaged it goes back to the one before, and says so. Raises RunError if
    one cannot be written, or was made for other `epochs` or by another version.
    """
    checkpoints = Checkpoints(folder.checkpoint_path, stage.name)
    own = Lines(checkpoints.rows_path)
    if apart and not checkpoints.paths():
        # Before the first checkpoint, which is of this file's rows from then on.
        write_bytes(own.path, b"")
    metrics = own if apart or own.path.exists() else Lines(folder.metrics_path)
    work = _Work(stage, checkpoints, metrics)
    work.restore(progress)
    if work.epoch < stage.epochs:
        done = _ticks_before(stage, work.epoch) + work.steps
        with progress.task(stage.name, stage.ticks, done) as tick, stopping(progress) as stopped:
            for current in range(work.epoch, stage.epochs):
                with _noting(stage, current, work.checkpoints, folder):
                    work.run_epoch(tick, stopped)
    work.checkpoints.keep(1)
    if not apart and own.path.exists():
        _take_over(own, folder.metrics_path, stage.name)


def _take_over(own: Lines, metrics: Path, stage: str) -> None:
    """Put the rows that a stage has of its own among those of all, each once."""
    known = sum(row.get("stage") == stage for row in read_lines(metrics, damaged=[]))
    for row in read_lines(own.path)[known:]:
        Lines(metrics).append(row)
    own.path.unlink()


@attrs.frozen
class Checkpoint:
    """A stage after `epoch` of its `epochs` and `steps` of the next, which took `seconds` so far,
    when metrics.jsonl was `offset` bytes long."""

    stage: str
    epoch: int = attrs.field(validator=[attrs.validators.instance_of(int), attrs.validators.ge(0)])
    epochs: int = attrs.field(validator=attrs.validators.instance_of(int))
    offset: int = attrs.field(validator=[attrs.validators.instance_of(int), attrs.validators.ge(0)])
    state: dict[str, Any] = attrs.field(validator=attrs.validators.instance_of(dict), repr=False)
    steps: int = attrs.field(
        default=0, validator=[attrs.validators.instance_of(int), attrs.validators.ge(0)]
    )
    seconds: float = attrs.field(default=0.0, validator=attrs.validators.instance_of(float))

    @property
    def file(self) -> str:
        within = f"-step-{self.steps:05d}" if self.steps else ""
        return f"epoch-{self.epoch:05d}{within}.safetensors"


@attrs.frozen
class Checkpoints:
    """One stage's checkpoints, `ROOT/STAGE/epoch-00012-step-00003.safetensors`: the last two, so
    that one is whole where another is damaged. The one before them goes first, since the disk must
    have room for two while one is written in any case."""

    root: Path
    stage: str = attrs.field(validator=attrs.validators.matches_re(_NAME))

    def paths(self) -> list[Path]:
        """Newest first."""
        found = [path for path in self.folder.glob("*") if _FILE.fullmatch(path.name)]
        return sorted(found, key=_place_of, reverse=True)

    def save(self, checkpoint: Checkpoint) -> None:
        self.keep(1)
        save_state(self.folder / checkpoint.file, attrs.asdict(checkpoint, recurse=False))

    def keep(self, count: int) -> None:
        """Delete all but the newest `count`."""
        for path in self.paths()[count:]:
            with contextlib.suppress(OSError):
                path.unlink()

    def put(self, checkpoint: Checkpoint, stage: Stage) -> None:
        """Give a stage the state of its checkpoint; RunError where it is of something else."""
        try:
            stage.load_state_dict(checkpoint.state)
        except (LookupError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            why = str(error).partition("\n")[0]
            raise RunError(
                f"{self.folder} has a checkpoint of another {stage.name} than this version makes "
                f"({type(error).__name__}: {why}): go on with the version that made the run, or "
                "remove that folder to begin the stage again"
            ) from error

    def forget_newer(self, than: Checkpoint | None) -> None:
        """Delete what was passed over on the way to a checkpoint, which would count as newer."""
        for path in self.paths():
            if than and path.name == than.file:
                return
            path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Delete all, of a stage whose results are written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def newest(self, progress: Progress) -> Checkpoint | None:
        """The newest one that is whole; None if there is none, from which a stage begins.

        Says which ones are damaged and passed over. Raises RunError for one that cannot be read, or
        is of something else.
        """
        for path in self.paths():
            try:
                return self.load(path)
            except DamagedError as error:
                progress.say(f"{error}; going back to what was before it")
        return None

    def load(self, path: Path) -> Checkpoint:
        """Raises RunError for a file that is not a checkpoint of this stage."""
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
        return self.folder / "metrics.jsonl"

    @property
    def folder(self) -> Path:
        return self.root / self.stage


@attrs.define
class _Work:
    """A stage and how far it is: `steps` of `epoch` are done, in `seconds` before `_since`."""

    stage: Stage
    checkpoints: Checkpoints
    metrics: Lines
    epoch: int = 0
    steps: int = 0
    _seconds: float = 0.0
    _since: float = 0.0
    _offset: int = 0
    _saved: float = 0.0
    _cost: float = 0.0

    def restore(self, progress: Progress) -> None:
        """Bring stage and metrics to the newest checkpoint, or make the first."""
        self._saved = time.perf_counter()
        checkpoint = self.checkpoints.newest(progress)
        self.checkpoints.forget_newer(checkpoint)
        if checkpoint is None:
            # Recorded before the first epoch, so that rows of an unfinished one can be told; those
            # of one whose checkpoints are gone come again.
            self._offset = self.metrics.drop(self._is_of(0))
            self._save()
            return
        if checkpoint.epochs != self.stage.epochs:
            raise RunError(
                f"{self.stage.name} was started for {checkpoint.epochs} epochs and cannot go on "
                f"for {self.stage.epochs}: leave the setting as it was, or start in another folder"
            )
        self.checkpoints.put(checkpoint, self.stage)
        # Rows after a finished stage's last checkpoint are the later stages'.
        if checkpoint.epoch < checkpoint.epochs:
            self._rewind(checkpoint)
        self.epoch, self.steps = checkpoint.epoch, checkpoint.steps
        self._offset, self._seconds = self.metrics.size(), checkpoint.seconds

    def _rewind(self, checkpoint: Checkpoint) -> None:
        """Bring the metrics to what a checkpoint had seen, where rows of other stages may have come
        and gone since; RunError where rows of this one are lost."""
        try:
            self.metrics.truncate(checkpoint.offset)
        except RunError:
            own = sum(map(self._is_of(0), read_lines(self.metrics.path, damaged=[])))
            if own < checkpoint.epoch or not checkpoint.epoch:
                raise
            self.metrics.drop(self._is_of(checkpoint.epoch))

    def _is_of(self, epoch: int) -> Callable[[Mapping[str, Any]], bool]:
        """Whether a row is of this stage's epochs from that one on."""

        def is_of(row: Mapping[str, Any]) -> bool:
            at = row.get("epoch")
            return row.get("stage") == self.stage.name and type(at) is int and at >= epoch

        return is_of

    def run_epoch(self, show: Callable[[], None], stopped: Callable[[], bool]) -> None:
        """What is left of the epoch; its row is written before a checkpoint that has seen it."""

        def tick() -> None:
            self.steps += 1
            show()
            if stopped() or self._due():
                self._save()
            if stopped():
                raise KeyboardInterrupt

        self._since = time.perf_counter()
        row = self.stage.run_epoch(self.epoch, tick)
        head = {"stage": self.stage.name, "epoch": self.epoch, "seconds": round(self._taken(), 3)}
        self._offset = self.metrics.append({**head, **row})
        self.epoch, self.steps = self.epoch + 1, 0
        self._seconds, self._since = 0.0, time.perf_counter()
        if self.epoch == self.stage.epochs or self._due():
            self._save()

    def _due(self) -> bool:
        return time.perf_counter() - self._saved >= max(EVERY, self._cost / _SHARE)

    def _taken(self) -> float:
        return self._seconds + time.perf_counter() - self._since

    def _save(self) -> None:
        start, taken = time.perf_counter(), self._taken() if self.steps else 0.0
        stage, state = self.stage, self.stage.state_dict()
        self.checkpoints.save(
            Checkpoint(stage.name, self.epoch, stage.epochs, self._offset, state, self.steps, taken)
        )
        self._saved = time.perf_counter()
        self._cost = self._saved - start
        # What writing takes is no part of the work.
        self._since += self._cost


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


def _place_of(path: Path) -> tuple[int, int]:
    match = _FILE.fullmatch(path.name)
    return (int(match[1]), int(match[2] or 0)) if match else (-1, 0)
