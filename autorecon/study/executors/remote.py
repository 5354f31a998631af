"""What executors have in common whose workers only share the study's folder with it."""

from __future__ import annotations

import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from autorecon.records.cells import CellRecord
from autorecon.runs.heap import keep_freed
from autorecon.study.cells import Task
from autorecon.study.claimed import do_claimed
from autorecon.study.claims import holder
from autorecon.study.folder import StudyFolder

_SOONEST, _LOOK_EVERY = 0.01, 0.5  # seconds; cells that are short are not waited for so long
LATE = 20.0
"""Seconds in which a file system may still show what a worker that ended has written."""


Do = Callable[[StudyFolder, Task, str], None]
"""Does a cell of a folder under the claim of an owner; `do_claimed` or what takes its place."""


@attrs.frozen
class Work:
    """A cell to do where only the study's folder is shared, as from the study's own process."""

    folder: StudyFolder
    task: Task
    call: Do = do_claimed
    place: str = attrs.field(factory=os.getcwd)
    paths: tuple[str, ...] = attrs.field(factory=lambda: tuple(filter(None, sys.path)))

    def do(self, owner: str) -> None:
        keep_freed()
        os.chdir(self.place)
        sys.path += [path for path in self.paths if path not in sys.path]
        self.call(self.folder, self.task, owner)


@attrs.define
class _Given:
    task: Task
    job: Any
    over_since: float | None = None


@attrs.define
class Remote(ABC):
    """At most `jobs` cells given out at a time, each as a job that has a name.

    A cell's record comes as a file beside its work, so that it is there whoever was away when it
    was made, and nothing is unpickled.
    """

    folder: StudyFolder
    jobs: int
    do: Do = attrs.field(kw_only=True, default=do_claimed)
    late: float = attrs.field(kw_only=True, default=LATE)
    _given: dict[str, _Given] = attrs.field(factory=dict, init=False)

    @abstractmethod
    def submit(self, work: Work) -> Any:
        """A new job; StudyError where there is none to be had."""

    @abstractmethod
    def name(self, job: Any) -> str:
        """What its claims say."""

    @abstractmethod
    def find(self, name: str) -> Any:
        """The job of that name, which another process may have submitted; None if it is over."""

    @abstractmethod
    def over(self, job: Any) -> str:
        """How a job ended; "" while it waits or runs."""

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *error: object) -> None:  # noqa: B027
        """What was given out stays where it is."""

    @property
    def running(self) -> int:
        return len(self._given)

    @property
    def free(self) -> bool:
        return self.running < self.jobs

    def begun(self) -> int:
        """How many of those given out are being done, and do not wait for a place."""
        return sum(self.folder.claim_path(g.task.cell).exists() for g in self._given.values())

    def give(self, task: Task) -> None:
        """Have a cell done, unless it is or is being done since another process gave it."""
        claim, noted = self.folder.claim_path(task.cell), self.folder.job_path(task.cell)
        job = None
        for name in filter(None, (holder(claim), holder(noted))):
            job = job or self.find(name)
        if job is None and self.folder.left(task.cell) is None:
            claim.unlink(missing_ok=True)
            job = self.submit(Work(self.folder, task, self.do))
            noted.parent.mkdir(parents=True, exist_ok=True)
            noted.write_text(self.name(job), "utf-8")
        self._given[task.cell.id] = _Given(task, job)

    def events(self, timeout: float) -> list[tuple[Task, CellRecord | float | str]]:
        """As those of a `Pool`; shares are not told."""
        end, pause = time.monotonic() + timeout, _SOONEST
        while not (found := self._ended()) and time.monotonic() < end:
            time.sleep(pause)
            pause = min(2 * pause, _LOOK_EVERY)
        for task, _ in found:
            del self._given[task.cell.id]
        return found

    def _ended(self) -> list[tuple[Task, CellRecord | float | str]]:
        ends = [(given.task, self._end(given)) for given in self._given.values()]
        return [(task, end) for task, end in ends if end is not None]

    def _end(self, given: _Given) -> CellRecord | str | None:
        record = self.folder.left(given.task.cell)
        if record is not None or given.job is None:
            return record
        how = self.over(given.job)
        if not how:
            given.over_since = None
            return None
        given.over_since = given.over_since or time.monotonic()
        if time.monotonic() - given.over_since < self.late:
            return None
        other = holder(self.folder.claim_path(given.task.cell))
        if other not in ("", self.name(given.job)):
            return f"it is being done by {other}, which another process gave it to"
        return how


def tail(path: Path, lines: int = 1) -> str:
    """The last of a log's lines that say something, or "" where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return " ".join([line.strip() for line in text.splitlines() if line.strip()][-lines:])
