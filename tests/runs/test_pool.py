"""Processes end as they should: by themselves where they have nothing to do."""

from __future__ import annotations

import signal
import time

import pytest

from autorecon.runs import Progress
from autorecon.runs.pool import Pool


def wait(task: float, progress: Progress) -> list[float]:
    time.sleep(task)
    return [task]


@pytest.mark.parametrize(("seconds", "code"), [(0, 0), (600, -signal.SIGKILL)])
def test_an_idle_process_ends_by_itself_and_one_at_work_is_killed(seconds: int, code: int) -> None:
    with Pool(wait, 1) as pool:
        pool.give(seconds)
        if not seconds:
            assert pool.events(60) == [(0, [0])]
        process = pool._workers[0].process
        assert pool.running == bool(seconds)
    assert process.exitcode == code
