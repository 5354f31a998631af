"""How long models take, side by side."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

from autorecon.records.evaluation import Timing

LEAST = 2
"""Rounds that are timed, however long they take; one is run before them."""
MOST = 200

Run = Callable[[], object]


def interleaved(runs: Sequence[Run], batch: int, seconds: float) -> list[Timing]:
    """What each takes an image where a call is of `batch`: one call of each after the other, again
    and again for so many seconds, so that whatever else the machine does is shared by all."""
    for run in runs:
        run()
    taken: list[list[float]] = [[] for _ in runs]
    start, rounds = time.perf_counter(), 0
    while rounds < LEAST or (rounds < MOST and time.perf_counter() - start < seconds):
        rounds += 1
        for run, values in zip(runs, taken, strict=True):
            begun = time.perf_counter()
            run()
            values.append(1000 * (time.perf_counter() - begun) / batch)
    return [_timing(values, batch) for values in taken]


def _timing(values: list[float], batch: int) -> Timing:
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Timing(batch, median, high - low, len(values))
