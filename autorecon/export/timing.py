"""How long models take, side by side."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

from autorecon.records.evaluation import Timing

LEAST = 2
"""Rounds that are timed, however long they take; one is run before them."""
MOST = 200

Run = Callable[[], object]


def interleaved(runs: Mapping[str, Run], batch: int, seconds: float) -> dict[str, Timing]:
    """What each takes an image where a call is of `batch`: one call of each after the other, again
    and again for so many seconds, so that whatever else the machine does is shared by all."""
    for run in runs.values():
        run()
    taken: dict[str, list[float]] = {name: [] for name in runs}
    start, rounds = time.perf_counter(), 0
    while rounds < LEAST or (rounds < MOST and time.perf_counter() - start < seconds):
        rounds += 1
        for name, run in runs.items():
            begun = time.perf_counter()
            run()
            taken[name].append(1000 * (time.perf_counter() - begun) / batch)
    return {name: _timing(values, batch) for name, values in taken.items()}


def _timing(values: list[float], batch: int) -> Timing:
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Timing(batch, median, high - low, len(values))
