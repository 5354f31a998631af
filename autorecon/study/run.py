"""Doing a study: what is not done yet, each cell when what it needs is there."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping
from functools import partial

import attrs

from autorecon.graph import Space
from autorecon.lang.wording import some
from autorecon.records.cells import CellLog, CellRecord
from autorecon.runs import Progress, duration
from autorecon.study.cells import Cell, Task, plan
from autorecon.study.check import check
from autorecon.study.cluster import Cluster
from autorecon.study.estimate import Estimate
from autorecon.study.executors import Executor, executor
from autorecon.study.folder import StudyFolder
from autorecon.study.provenance import made_by
from autorecon.study.rows import Records
from autorecon.study.spec import Study
from autorecon.workflow.config import write_config
from autorecon.workflow.memory import share_of

_SAY_EVERY = 60.0  # seconds, while no cell ends
_TRIES = 3
"""How often a cell is given out whose process dies before it is recorded as failed."""


def run(
    study: Study,
    folder: StudyFolder,
    jobs: int,
    progress: Progress,
    memory: str = "",
    on: str = "local",
) -> dict[str, CellRecord]:
    """Do what is left of a study; give the records of all its cells.

    `on` is one of PLACES, `jobs` how many cells are done at a time. A cell that fails is a record
    that says so; those whose end was no result of the method are tried again. Cells of one machine
    take `memory` together, as 8G, or three quarters of what is free.

    Raises StudyError, RecordError, and what `prepare` raises, before anything is done.
    """
    cells = plan(study)
    folder.check_free()
    known = folder.records(cells)
    spaces = check(cells, known)
    place = place_of(folder, study.cluster, jobs, memory, on)
    with folder.lock():
        folder.write(study, made_by())
        return do(folder, cells, known, spaces, place, progress)


@attrs.frozen
class Place:
    """What does cells, made when there are any to do, and what each of them may take; none is
    waited for after `until`, by time.monotonic."""

    executor: Callable[[], Executor]
    memory: str = ""
    device: str = "cpu"
    until: float = math.inf


def place_of(folder: StudyFolder, site: Cluster, jobs: int, memory: str, on: str) -> Place:
    """One of PLACES, for so many `jobs` at a time; ConfigError for memory that is no size."""
    each = site.memory if on != "local" else share_of(memory, jobs)
    device = "cuda" if on != "local" and site.gpus else "cpu"
    return Place(partial(executor, on, folder, jobs, site), each, device)


def do(
    folder: StudyFolder,
    cells: list[Cell],
    known: Records,
    spaces: Mapping[str, Space],
    place: Place,
    progress: Progress,
) -> dict[str, CellRecord]:
    """Do those cells of which nothing is `known`, under the folder's lock; give all records, but
    of those that were not done in time.

    `spaces` are those of what is searched and drawn from, by place.
    """
    records = {c.id: record for c in cells if (record := known[c.id]) and record.done}
    log = _opened(folder, progress)
    doing = _Doing(folder, cells, records, progress, spaces, log, place.memory, place.device)
    for cell in cells:
        doing.keep_genotype(cell)
    if left := [cell for cell in cells if cell.id not in records]:
        doing.all(left, place.executor(), place.until)
    folder.forget_images(cells, records)
    ended = [cell for cell in cells if (record := records.get(cell.id)) and record.done]
    folder.clear(cell for cell in ended if not cell.judged)
    return records


def _opened(folder: StudyFolder, progress: Progress) -> CellLog:
    """The study's log, read and whole, to append to."""
    log = folder.log
    if log.mend():
        progress.say(f"{log.path} ended in half a line, which is dropped: its cell is done again")
    log.read()
    return log


@attrs.define
class _Doing:
    folder: StudyFolder
    cells: list[Cell]
    records: dict[str, CellRecord]
    progress: Progress
    spaces: Mapping[str, Space]
    log: CellLog
    memory: str = ""
    device: str = "cpu"
    shares: dict[str, float] = attrs.Factory(dict)
    ended: int = 0
    died: Counter[str] = attrs.Factory(Counter)

    def all(self, left: list[Cell], executor: Executor, until: float = math.inf) -> None:
        """Do the cells that are left, each after what it needs, until that time."""
        self.ended = len(self.records)
        waiting = deque(left)
        self.progress.say(
            f"{len(left)} of {len(self.cells)} cells to do, {executor.jobs} at a time"
        )
        said = time.monotonic()
        with executor:
            while (waiting or executor.running) and time.monotonic() < until:
                while executor.free and (ready := self._next(waiting)):
                    executor.give(self._task(ready))
                    self.shares[ready.id] = 0.0
                # Nothing runs where the last that waited can never begin.
                patience = max(0.0, min(_SAY_EVERY, until - time.monotonic()))
                for task, event in executor.events(patience) if executor.running else ():
                    if isinstance(event, float):
                        self.shares[task.cell.id] = event
                        continue
                    self._say(self._ended(task.cell, event, waiting), executor)
                    said = time.monotonic()
                if time.monotonic() - said >= _SAY_EVERY:
                    self._say(self._state(waiting, executor), executor)
                    said = time.monotonic()

    def _ended(self, cell: Cell, event: CellRecord | str, waiting: deque[Cell]) -> str:
        """What is to be said of the end of a cell, or of the process that was doing it."""
        if isinstance(event, str):
            self.died[cell.id] += 1
            if self.died[cell.id] < _TRIES:
                self.shares.pop(cell.id)
                waiting.appendleft(cell)
                return f"{cell.id}: {event}; it is given out again"
        record = _failed(cell, event) if isinstance(event, str) else event
        self._end(cell, record)
        return f"{cell.id}: {_outcome(record)}"

    def _next(self, waiting: deque[Cell]) -> Cell | None:
        """The first cell that has what it needs; those that will never have it end here."""
        for cell in list(waiting):
            needed = self.records.get(cell.needs) if cell.needs else None
            if cell.needs and needed is None:
                continue
            if self._being_made(cell):
                continue
            waiting.remove(cell)
            if needed is None or not needed.error:
                return cell
            why = f"{cell.needs} failed: {needed.error}"
            self._end(cell, _failed(cell, why, final=needed.final))
        return None

    def _being_made(self, cell: Cell) -> bool:
        """Whether the images that a cell learns from are being made by one that runs."""
        if not cell.images or self.folder.images_path(cell).exists():
            return False
        return any(other.images == cell.images for other in self.cells if other.id in self.shares)

    def _task(self, cell: Cell) -> Task:
        if cell.needs is None:
            return Task(cell, memory=self.memory, device=self.device)
        genotype = self.folder.genotype_path(self.records[cell.needs].genotype)
        return Task(cell, genotype, self.memory, self.device)

    def _end(self, cell: Cell, record: CellRecord) -> None:
        """Write a record first: what of the work is left is enough to make one that is lost."""
        self.log.append(cell.kind, record)
        self.shares.pop(cell.id, None)
        self.records[cell.id] = record
        self.ended += 1
        self.keep_genotype(cell)
        if record.done and not cell.judged:
            self.folder.clear([cell])
        self.folder.forget_images(self.cells, self.records)

    def keep_genotype(self, cell: Cell) -> None:
        record = self.records.get(cell.id)
        if record and record.genotype:
            self.folder.write_genotype(record.genotype, self.spaces[cell.place], self.progress)

    def _state(self, waiting: Collection[Cell], executor: Executor) -> str:
        begun = executor.begun()
        waits = len(waiting) + executor.running - begun
        failed = sum(bool(record.error) for record in self.records.values())
        shares = [f"{share:.0%} of {name}" for name, share in self.shares.items() if share]
        known = f" ({some(shares, 4)})" if shares else ""
        done = self.ended - failed
        return f"{waits} waiting, {begun} running{known}, {done} done, {failed} failed"

    def _say(self, line: str, executor: Executor) -> None:
        left = Estimate.of(self.cells, self.records).left(self.cells, self.records, self.shares)
        busy = max(1, executor.begun())
        about = f", about {duration(left / busy)} left" if left else ""
        self.progress.say(f"[{self.ended}/{len(self.cells)}{about}] {line}")


def _failed(cell: Cell, why: str, final: bool = False) -> CellRecord:
    """The record of a cell that was not begun, or whose process died and could not tell."""
    settings = write_config(cell.config)
    return CellRecord(cell.id, settings, steps=cell.steps, error=why, final=final)


def _outcome(record: CellRecord) -> str:
    if record.error:
        return f"failed: {record.error}"
    took = duration(record.seconds)
    return took if record.figure is None else f"{record.figure:.2f} %, {took}"
