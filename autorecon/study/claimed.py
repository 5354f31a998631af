"""Doing one cell far from the study's process, whoever else may be doing it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

import attrs

from autorecon.runs import Progress
from autorecon.study.cells import Task
from autorecon.study.claims import ClaimLostError, holder, take
from autorecon.study.folder import StudyFolder
from autorecon.study.work import do_cell

_EVERY = 5.0  # seconds between looks at the claim


def do_claimed(folder: StudyFolder, task: Task, owner: str) -> None:
    """Do a cell under the claim of `owner`, and leave its record beside its work.

    Raises ClaimLostError where another has the claim, or is given it meanwhile: nothing is left
    then. A claim stays when its worker is gone, for who gave out the cell to remove.
    """
    claim = folder.claim_path(task.cell)
    if not take(claim, owner):
        raise ClaimLostError(f"{task.cell.id} is being done by {holder(claim)}")
    guard = _Guard(holds=lambda: holder(claim) == owner)
    record = do_cell(folder, task, guard)
    guard.check()
    folder.leave(task.cell, record)


@attrs.define
class _Guard(Progress):
    """Says nothing, and ends a step after which the claim is another's."""

    quiet: bool = True
    holds: Callable[[], bool] = bool

    def check(self) -> None:
        if not self.holds():
            raise ClaimLostError("this worker was given up, and another does its cell")

    @contextlib.contextmanager
    def task(self, name: str, total: int, done: int = 0) -> Iterator[Callable[[], None]]:
        last = time.monotonic()

        def tick() -> None:
            nonlocal last
            if time.monotonic() - last >= _EVERY:
                last = time.monotonic()
                self.check()

        yield tick
