"""Where a study's cells are done: processes of this machine, Slurm's jobs, or Ray's tasks."""

from __future__ import annotations

from autorecon.study.executors.choose import Executor, executor

__all__ = ["Executor", "executor"]
