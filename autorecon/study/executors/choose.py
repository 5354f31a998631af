"""The executor that a user names."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

from autorecon.records.cells import CellRecord
from autorecon.runs import Pool
from autorecon.study.cells import Task
from autorecon.study.cluster import Cluster
from autorecon.study.executors.ray import Ray
from autorecon.study.executors.slurm import Slurm
from autorecon.study.folder import StudyFolder
from autorecon.study.work import do_cell

MOST = 1000
"""Cells given to a cluster at a time, where nobody says how many."""


class Executor(Protocol):
    """Does cells, several at a time; a context. Nothing is raised of what goes wrong in one."""

    jobs: int

    @property
    def running(self) -> int:
        """How many were given out and did not end."""

    @property
    def free(self) -> bool:
        """Whether another may be given."""

    def begun(self) -> int:
        """How many of those running do not wait for a place."""

    def give(self, task: Task) -> None:
        """Have a cell done; there must be a free place."""

    def events(self, timeout: float) -> list[tuple[Task, CellRecord | float | str]]:
        """What happened, or nothing after `timeout` seconds: records of cells, the shares of them
        that are done, or how the process ended that was doing one."""

    def __enter__(self) -> Any: ...

    def __exit__(self, *error: object) -> None: ...


def executor(place: str, folder: StudyFolder, jobs: int, site: Cluster) -> Executor:
    """That of one of PLACES, for at most `jobs` cells at a time; 0 is as many as it likes."""
    if place == "local":
        return Pool(partial(do_cell, folder), jobs)
    if place == "ray":
        return Ray(folder, site.jobs or jobs or MOST, site=site)
    return Slurm(folder, site.jobs or jobs or MOST, site=site, here=place == "slurm-here")
