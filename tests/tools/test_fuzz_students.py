"""Files of students that were damaged, or made to harm: the same student, or one error of ours; and
what the tool holds to be wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
import torch

import fuzz_students as tool
from autorecon.records.errors import RecordError
from fuzzing import damaged_students
from fuzzing.damaged_students import Damaged, Sample, check
from fuzzing.judge import Difference

FILES = 80  # some five seconds of work
SAMPLE = Sample("w3a3", b"", torch.nn.Identity, torch.ones(3))


@pytest.mark.first
def test_damage_is_found_and_harm_refused() -> None:
    tally = tool.run(seed=11, start=0, count=FILES)
    assert not tally.failures, tally.failures
    assert tally.counts["refused"] > 0.7 * FILES
    assert tally.counts["the same"]


def test_a_file_is_the_same_every_time() -> None:
    one, other, third = (tool.made(3, index)[0].data for index in (5, 5, 6))
    assert one == other != third


@pytest.mark.parametrize(
    ("came", "is_sealed", "kind"),
    [
        (lambda: torch.zeros(3), True, "another student, in silence"),
        (lambda: torch.tensor([1.0, torch.nan, 1.0]), False, "answers that are no numbers"),
        (lambda: _raised(RecordError("a" * 9999)), False, "no clear line"),
    ],
)
def test_what_is_wrong(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    came: Callable[[], torch.Tensor],
    is_sealed: bool,
    kind: str,
) -> None:
    monkeypatch.setattr(damaged_students, "answers_of", lambda *of: came())
    with pytest.raises(Difference, match=kind):
        check(Damaged(SAMPLE, b"", "a bit", is_sealed), Random(0), tmp_path)
    monkeypatch.setattr(damaged_students, "answers_of", lambda *of: SAMPLE.answers)
    assert check(Damaged(SAMPLE, b"", "a bit", is_sealed), Random(0), tmp_path) == "the same"


def _raised(error: Exception) -> torch.Tensor:
    raise error
