"""Processes that do cells, one at a time each, and die with the process that made them."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

import attrs

from autorecon.records.cells import CellRecord
from autorecon.runs import Progress
from autorecon.study.cells import Cell, Task
from autorecon.study.folder import StudyFolder

Event = tuple[Cell, "CellRecord | float | str"]
"""A cell with its record, the share of it that is done, or how the process that did it ended."""

_EVERY = 1.0  # seconds between reports of a share


class Pool:
    """`jobs` processes, made when they are first needed; a context that ends them."""

    def __init__(self, folder: StudyFolder, jobs: int) -> None:
        self.folder, self.jobs = folder, jobs
        self._workers: list[_Worker] = []

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *error: object) -> None:
        for worker in self._workers:
            worker.end()

    @property
    def running(self) -> int:
        return sum(worker.cell is not None for worker in self._workers)

    @property
    def free(self) -> bool:
        return self.running < self.jobs

    def give(self, task: Task) -> None:
        """Have a cell done; there must be a free place."""
        worker = next((w for w in self._workers if w.cell is None), None)
        if worker is None:
            worker = _Worker(self.folder)
            self._workers.append(worker)
        worker.give(task)

    def events(self, timeout: float) -> list[Event]:
        """What happened, as soon as something did, or nothing after `timeout` seconds."""
        busy = {worker.connection: worker for worker in self._workers if worker.cell}
        found: list[Event] = []
        for connection in wait(list(busy), timeout):
            worker = busy[connection]  # type: ignore[index]
            cell, said = worker.said()
            found.append((cell, said))
            if isinstance(said, str):
                self._workers.remove(worker)
        return found


class _Worker:
    """One process, and our end of the line to it."""

    def __init__(self, folder: StudyFolder) -> None:
        # A fork would take over threads and locks of torch.
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, folder), daemon=True)
        self.process.start()
        theirs.close()
        self.cell: Cell | None = None

    def give(self, task: Task) -> None:
        self.cell = task.cell
        # One that is gone is told of when it is listened to.
        with contextlib.suppress(OSError):
            self.connection.send(task)

    def said(self) -> Event:
        assert self.cell is not None
        cell = self.cell
        try:
            said = self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            return cell, _ending(self.process.exitcode)
        if isinstance(said, CellRecord):
            self.cell = None
        return cell, said

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


def _ending(code: int | None) -> str:
    """How a process ended that should not have."""
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        memory = ": perhaps there was too little memory" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{memory}"
    return f"its process ended with exit code {code}"


def _serve(connection: Connection, folder: StudyFolder) -> None:
    """Do what is asked for until nobody asks."""
    # An interruption from the keyboard reaches all; the study's own process is to end us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    from autorecon.study.work import do_cell

    while True:
        task = connection.recv()
        report = _Report(send=connection.send)
        connection.send(do_cell(folder, task, report))


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@attrs.define
class _Report(Progress):
    """Sends the share of a stage's steps that are done, now and then; says nothing."""

    quiet: bool = True
    send: Callable[[Any], None] = print

    @contextlib.contextmanager
    def task(self, name: str, total: int, done: int = 0) -> Iterator[Callable[[], None]]:
        made, last = done, time.monotonic()

        def tick() -> None:
            nonlocal made, last
            made += 1
            if time.monotonic() - last >= _EVERY:
                last = time.monotonic()
                self.send(made / max(1, total))

        yield tick
