"""What a teacher without BatchNorm statistics is spared."""

from __future__ import annotations

import pytest
from torch import nn

from autorecon.auto.config import read_asked
from autorecon.auto.for_teacher import candidates_for
from autorecon.auto.prepare import ready
from autorecon.runs import Progress
from autorecon.study.cells import plan
from autorecon.teachers import Teacher

ASKED = {
    "trials": 5,
    "measure": "none",
    "compress": {"objective": "ce", "batch": 4, "calibration_batches": 1},
}


def test_nothing_is_polished_for_want_of_statistics() -> None:
    layers = nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(784, 3)
    teacher = Teacher("Plain", nn.Sequential(*layers).eval(), 3, (1, 16, 16))
    found = ready(read_asked(ASKED), 1, Progress(quiet=True), teacher)
    assert any("no images are polished: Plain" in note for note in found.course.notes)
    cells = plan(found.asked.study(candidates_for(teacher, found.asked, 30), 1.0))
    assert not any(cell.config.compress.polish_steps for cell in cells)
    assert any(cell.config.compress.method == "gptaq" for cell in cells)
    # What was asked for is as it was, so that asking for it again goes on with it.
    asked = read_asked(ASKED)
    assert (found.asked.compress, found.asked.choices) == (asked.compress, asked.choices)


@pytest.mark.parametrize("groups", [1, 4])
def test_a_range_a_channel_is_tried_where_it_is_another(groups: int) -> None:
    body = nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3, groups=groups), nn.ReLU()
    net = nn.Sequential(*body, nn.Flatten(), nn.Linear(576, 3))
    teacher = Teacher("Plain", net.eval(), 3, (1, 16, 16))
    found = ready(read_asked(ASKED), 1, Progress(quiet=True), teacher)
    names = [one.name for one in candidates_for(teacher, found.asked, 20)]
    assert "reconstructed" in names
    assert ("reconstructed, channels" in names) == (groups == 4)
