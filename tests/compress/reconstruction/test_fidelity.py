from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from autorecon.compress import Bits, quantize
from autorecon.compress.reconstruction import fidelity


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 2, 1, bias=False), nn.Linear(2, 2, bias=False)
        self.conv.weight.data = torch.tensor([1.0, -1.0]).view(2, 1, 1, 1)
        self.fc.weight.data = torch.eye(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(F.relu(self.conv(x)).mean((2, 3)))


def graphs(net: nn.Module) -> tuple[fx.GraphModule, fx.GraphModule]:
    """A student of 24 bits, which is next to its teacher, and the teacher's."""
    student = quantize(net.eval(), (1, 1, 2), Bits(24, 24), "minmax")
    with torch.no_grad():
        student(IMAGES)
    student.freeze()
    return student.module, copy.deepcopy(student.module)


IMAGES = torch.tensor([[3.0, 1.0], [-1.0, -3.0]]).view(2, 1, 1, 2)


def scaled(student: fx.GraphModule, name: str, factor: float) -> None:
    with torch.no_grad():
        student.get_parameter(name).mul_(factor)


def test_a_student_that_is_its_teacher_explains_all() -> None:
    assert fidelity(*graphs(Two()), [IMAGES]) == pytest.approx(100, abs=1e-3)


def test_what_is_left_of_each_layer_by_hand() -> None:
    student, taught = graphs(Two())
    scaled(student, "fc.weight", 0.5)
    # Means of (relu(x), relu(-x)) are (2, 0) and (0, 2), the mean of each output is 1: the variance
    # is 4 in all, the student's (1, 0) and (0, 1) are off by 2. The convolution is all there.
    assert fidelity(student, taught, [IMAGES]) == pytest.approx(100 * (1 + 0.5) / 2, abs=1e-3)


def test_errors_go_on_to_the_layers_behind_and_a_layer_has_zero_at_least() -> None:
    student, taught = graphs(Two())
    scaled(student, "conv.weight", -1)
    assert fidelity(student, taught, [IMAGES]) == 0


def test_batches_count_alike() -> None:
    student, taught = graphs(Two())
    scaled(student, "fc.weight", 0.5)
    both = [fidelity(student, taught, [batch]) for batch in (IMAGES, 2 * IMAGES)]
    assert fidelity(student, taught, [IMAGES, 2 * IMAGES]) == pytest.approx(sum(both) / 2)


def test_no_numbers_explain_nothing() -> None:
    student, taught = graphs(Two())
    scaled(student, "conv.weight", float("nan"))
    assert fidelity(student, taught, [IMAGES]) == 0
