"""How many candidates there are on which rung, and for how long."""

from __future__ import annotations

import pytest

from autorecon.auto.course import (
    Pace,
    count_within,
    lengths_of_time,
    lengths_of_trials,
    next_count,
    next_length,
)
from autorecon.study.errors import StudyError

THIRDS = [0.1111, 0.3333, 1.0]


@pytest.mark.parametrize(
    ("count", "lengths"), [(3, [1.0]), (4, THIRDS[1:]), (9, THIRDS[1:]), (10, THIRDS), (99, THIRDS)]
)
def test_rungs_of_so_many_candidates(count: int, lengths: list[float]) -> None:
    assert lengths_of_trials(count, 400) == lengths


def test_a_short_compression_has_fewer_rungs() -> None:
    assert lengths_of_trials(99, 180) == THIRDS
    assert lengths_of_trials(99, 179) == THIRDS[1:]
    assert lengths_of_trials(99, 19) == [1.0]


def test_a_third_goes_on_but_never_less_than_the_controls_and_one() -> None:
    assert [next_count(n) for n in (60, 20, 7, 3, 2)] == [20, 7, 3, 3, 2]


def test_time_is_shared_by_the_rungs() -> None:
    pace = Pace(begin=2.0, steps=100.0)
    # Ten minutes: a rung has 200 s, in which the human-designed one and another take 204.
    assert lengths_of_time(600, pace, 400, jobs=1) == pytest.approx([0.1089, 0.3267, 0.98])
    assert lengths_of_time(600, pace, 400, jobs=2) == THIRDS
    # 40 s: three rungs would begin with two steps.
    assert lengths_of_time(40, pace, 400, jobs=1) == pytest.approx([0.18])
    assert count_within(200, pace, 0.1089, jobs=1, most=60) == 1 + 15
    assert count_within(200, pace, 0.1089, jobs=2, most=60) == 1 + 30
    assert count_within(1, pace, 1.0, jobs=1, most=60) == 3


def test_time_that_is_too_short_is_told_with_what_is_needed() -> None:
    with pytest.raises(
        StudyError, match=r"20 steps of 3 candidates.* about 14 s here, 1 at a time"
    ):
        lengths_of_time(10, Pace(2.0, 100.0), 400, jobs=1)
    with pytest.raises(StudyError, match=r"14 s here, 1 at a time, beside searches: give it 19 s"):
        lengths_of_time(10, Pace(2.0, 100.0), 400, jobs=1, share=0.75)


def test_a_rung_for_which_little_time_is_left_is_shorter_or_none() -> None:
    pace = Pace(2.0, 100.0)
    assert next_length(1.0, 0.33, 300, pace, jobs=1) == 1.0
    assert next_length(1.0, 0.33, 104, pace, jobs=1) == 0.5
    assert next_length(1.0, 0.33, 84, pace, jobs=1) == 0.0
    assert next_length(1.0, 0.33, -5, pace, jobs=1) == 0.0
