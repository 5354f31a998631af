"""Cells one after the other in this process, for what no other process can be given."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from autorecon.records.cells import CellRecord
from autorecon.runs import Progress
from autorecon.study.cells import Task


@attrs.define
class Here:
    """A place for one cell, which is done when its end is waited for."""

    do: Callable[[Task, Progress], CellRecord]
    jobs: int = 1
    _given: list[Task] = attrs.field(factory=list, init=False)

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    @property
    def running(self) -> int:
        return len(self._given)

    @property
    def free(self) -> bool:
        return not self._given

    def begun(self) -> int:
        return self.running

    def give(self, task: Task) -> None:
        self._given.append(task)

    def events(self, timeout: float) -> list[tuple[Task, CellRecord | float | str]]:
        task = self._given.pop()
        return [(task, self.do(task, Progress(quiet=True)))]
