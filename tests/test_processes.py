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
    place = tmp_path_factory.mktemp("shared") / "store"
    commands = [[sys.executable, shared_steps.__file__, str(place), str(i), "2"] for i in (0, 1)]
    two = [subprocess.Popen(c, stdout=subprocess.PIPE, text=True) for c in commands]
    alone = shared_steps.all_losses()
    first, second = (json.loads(process.communicate()[0]) for process in two)
    return alone, first, second


@pytest.mark.parametrize("case", shared_steps.CASES)
def test_the_first_twenty_steps_have_the_losses_of_one_process(
    rows: tuple[Rows, Rows, Rows], case: str
) -> None:
    alone, first, second = (found[case] for found in rows)
    assert sum(len([k for k in row if k.endswith("total")]) for row in alone) >= shared_steps.STEPS
    assert first == second
    for one, shared in zip(alone, first, strict=True):
        assert shared == pytest.approx(one, rel=1e-5, abs=1e-5)
