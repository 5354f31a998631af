"""How many candidates are tried on which rung, and for how long.

Successive halving (Jamieson and Talwalkar, AISTATS 2016): each rung takes about as long as the one
before, with a third of its candidates at three times the length.
"""

from __future__ import annotations

import math

import attrs

from autorecon.auto.config import KEPT
from autorecon.runs import duration
from autorecon.study.errors import StudyError

FACTOR, RUNGS = 3, 3
SHORTEST = 20
"""Steps of the first rung, at least: of fewer a student shows nothing."""
LEAST, MOST = len(KEPT) + 1, 60
"""Candidates of a rung."""
GROWTH = 1.3
"""Times the length of the rung before, below which another one would tell nothing new."""


@attrs.frozen
class Pace:
    """What a candidate takes of one core, in seconds: to begin, and for the steps of the whole
    length."""

    begin: float
    steps: float

    def of(self, length: float) -> float:
        return self.begin + self.steps * length

    def length(self, seconds: float) -> float:
        """As long as so many seconds allow, at most the whole."""
        return min(1.0, (seconds - self.begin) / self.steps)


def lengths_of_trials(count: int, ticks: int) -> list[float]:
    """The rungs of so many candidates, as shares of `ticks` steps, the last of which is 1."""
    rungs, left = 1, count
    while rungs < _most_rungs(ticks) and left > LEAST:
        rungs, left = rungs + 1, math.ceil(left / FACTOR)
    return _lengths(rungs, 1.0)


def lengths_of_time(
    seconds: float, pace: Pace, ticks: int, jobs: int, share: float = 1.0
) -> list[float]:
    """The rungs for which there is time, in a share of it; StudyError where there is none for
    one."""
    turns = _turns(LEAST, jobs)
    for rungs in range(RUNGS, 0, -1):
        longest = pace.length(share * seconds / rungs / turns)
        if longest * ticks >= SHORTEST * FACTOR ** (rungs - 1):
            return _lengths(rungs, longest)
    least = math.ceil(turns * pace.of(SHORTEST / ticks))
    raise StudyError(
        f"{duration(seconds)} is too short for one rung: {SHORTEST} steps of {LEAST} candidates, "
        f"the least there is, take about {duration(least)} here, {jobs} at a time"
        + (f", beside searches: give it {duration(math.ceil(least / share))}" if share < 1 else "")
    )


def next_count(before: int) -> int:
    """How many candidates of `before` go on, where their number was asked for."""
    return min(before, max(LEAST, math.ceil(before / FACTOR)))


def count_within(seconds: float, pace: Pace, length: float, jobs: int, most: int) -> int:
    """How many candidates there is time for. Calibration on noise takes next to none."""
    turns = math.floor(seconds / pace.of(length))
    return max(min(LEAST, most), min(most, turns * jobs + 1))


def next_length(planned: float, before: float, seconds: float, pace: Pace, jobs: int) -> float:
    """Of a rung for which so many seconds are left; 0 where it would not be worth it."""
    length = min(planned, pace.length(seconds / _turns(LEAST, jobs)))
    return length if length >= GROWTH * before else 0.0


def _turns(count: int, jobs: int) -> int:
    """How often `jobs` candidates at a time are begun, but for noise."""
    return math.ceil((count - 1) / jobs)


def _most_rungs(ticks: int) -> int:
    return min(RUNGS, 1 + max(0, math.floor(math.log(max(1, ticks / SHORTEST), FACTOR) + 1e-9)))


def _lengths(rungs: int, longest: float) -> list[float]:
    return [round(longest / FACTOR ** (rungs - 1 - i), 4) for i in range(rungs)]
