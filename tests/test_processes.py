"""Steps that two processes share are those of one, whatever looks at a whole batch."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import shared_steps

Rows = dict[str, list[dict[str, float]]]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rows, Rows, Rows]:
    """Losses by one process, and as both of two have them."""
    place = str(tmp_path_factory.mktemp("shared") / "store")
    command = [sys.executable, shared_steps.__file__, place]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        alone = shared_steps.all_losses()
        first = shared_steps.shared_losses(place, 0, 2)
        second = json.loads(other.communicate()[0])
    return alone, first, second


@pytest.mark.parametrize("case", shared_steps.CASES)
def test_twenty_steps_have_the_losses_and_leave_the_weights_of_one_process(
    rows: tuple[Rows, Rows, Rows], case: str
) -> None:
    alone, first, second = (found[case] for found in rows)
    assert sum(len([k for k in row if k.endswith("total")]) for row in alone) >= shared_steps.STEPS
    assert first == second
    for one, shared in zip(alone, first, strict=True):
        assert shared == pytest.approx(one, rel=1e-5, abs=1e-5)
