"""Processes that do tasks, one at a time each, and die with the process that made them."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

import attrs

from autorecon.runs.heap import keep_freed
from autorecon.runs.progress import Progress

Task = TypeVar("Task")
Result = TypeVar("Result")

_EVERY = 1.0  # seconds between reports of a share
_PATIENCE = 10.0  # seconds in which an idle process ends by itself


class Pool(Generic[Task, Result]):
    """`jobs` processes, made when they are first needed; a context that ends them.

    `do` must be what another process can import, and neither give floats or strings nor raise.
    """

    def __init__(self, do: Callable[[Task, Progress], Result], jobs: int) -> None:
        self.do, self.jobs = do, jobs
        self._workers: list[_Worker] = []

    def __enter__(self) -> Pool[Task, Result]:
        return self

    def __exit__(self, *error: object) -> None:
        for worker in self._workers:
            worker.end()

    @property
    def running(self) -> int:
        return sum(worker.task is not None for worker in self._workers)

    @property
    def free(self) -> bool:
        return self.running < self.jobs

    def begun(self) -> int:
        """How many tasks are being done; none waits."""
        return self.running

    def give(self, task: Task) -> None:
        """Have a task done; there must be a free place."""
        worker = next((w for w in self._workers if w.task is None), None)
        if worker is None:
            worker = _Worker(self.do)
            self._workers.append(worker)
        worker.give(task)

    def events(self, timeout: float) -> list[tuple[Task, Result | float | str]]:
        """What happened, as soon as something did, or nothing after `timeout` seconds: tasks with
        their results, the shares of them that are done, or how the processes that did them ended.
        """
        busy = {worker.connection: worker for worker in self._workers if worker.task is not None}
        found = []
        for connection in wait(list(busy), timeout):
            worker = busy[connection]  # type: ignore[index]
            task, said = worker.said()
            found.append((task, said))
            if isinstance(said, str):
                self._workers.remove(worker)
        return found


class _Worker:
    """One process, and our end of the line to it."""

    def __init__(self, do: Callable[[Any, Progress], Any]) -> None:
        # A fork would take over threads and locks of torch.
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.task: Any = None
        self._send(do)

    def give(self, task: Any) -> None:
        self.task = task
        self._send(task)

    def _send(self, message: Any) -> None:
        # One that is gone is told of when it is listened to.
        with contextlib.suppress(OSError):
            self.connection.send(message)

    def said(self) -> tuple[Any, Any]:
        task = self.task
        try:
            said = self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            return task, _ending(self.process.exitcode)
        if not isinstance(said, float):
            self.task = None
        return task, said

    def end(self) -> None:
        """One that works is killed; another is let go, to give back the semaphores that libraries
        of its made, of which Python would tell else."""
        if self.task is None:
            self.connection.close()
            self.process.join(_PATIENCE)
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


def _serve(connection: Connection) -> None:
    """Do what is asked for until nobody asks; the first message says by what."""
    # An interruption from the keyboard reaches all; our parent is to end us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    keep_freed()
    do = connection.recv()
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        try:
            done = do(task, _Report(send=connection.send))
        except KeyboardInterrupt:  # told to end, it has made a checkpoint
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTERM)
            return
        connection.send(done)


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
