"""HAST's term: channels of blocks as strong as the teacher's."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from autorecon.compress.engine.alignment import Alignment, block_ends, distance, strengths
from autorecon.compress.quantization.bits import Bits
from autorecon.compress.quantization.capture import capture
from autorecon.compress.quantization.quantize import quantize
from autorecon.nn import Compute

SHAPE = (2, 4, 4)


class Residual(nn.Module):
    """Two blocks, the second without a sum, each with one activation inside."""

    def __init__(self, last: nn.Module | None = None) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.conv2, self.bn2 = nn.Conv2d(4, 2, 3, padding=1), nn.BatchNorm2d(2)
        self.conv3, self.last, self.fc = nn.Conv2d(2, 2, 1), last or nn.Identity(), nn.Linear(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        logits: Tensor = self.fc(self.last(self.conv3(x)).mean((2, 3)))
        return logits


def test_the_term_by_hand() -> None:
    """Mean squares 3 and 4 are the unit vector (0.6, 0.8), one channel alone is (1, 0)."""
    root = math.sqrt(3)
    student = torch.tensor([[[[root, -root]], [[2.0, -2.0]]]])
    teacher = torch.tensor([[[[7.0, 1.0]], [[0.0, 0.0]]]])
    found, expected = strengths(student), strengths(teacher)
    torch.testing.assert_close(found, torch.tensor([[0.6, 0.8]]))
    torch.testing.assert_close(expected, torch.tensor([[1.0, 0.0]]))
    # ((0.6 - 1)^2 + 0.8^2) / 2 = 0.4 of two channels; 0.16 and 0.64 of one each.
    assert distance(found, expected, [2]).item() == pytest.approx(0.4)
    assert distance(found, expected, [1, 1]).item() == pytest.approx(0.16 + 0.64)


def test_blocks_end_where_no_activation_follows() -> None:
    ends = block_ends(capture(Residual().eval(), SHAPE))
    assert [node.meta["label"] for node in ends] == ["bn2", "conv3"]


def test_where_activations_always_follow_all_maps_are_ends() -> None:
    net = nn.Sequential(nn.Conv2d(2, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))
    assert [node.meta["label"] for node in block_ends(capture(net, SHAPE))] == ["0"]


@pytest.mark.parametrize("scheme", ["gdfq", "integer"])
def test_a_student_answers_as_it_does_and_comes_nearer(scheme: str) -> None:
    torch.manual_seed(0)
    teacher, images = Residual(nn.ReLU()).eval(), torch.randn(6, *SHAPE)
    model = quantize(teacher, SHAPE, Bits(2, 2), scheme=scheme)
    model(images)
    model.freeze()
    names = model.module.state_dict().keys()
    alignment = Alignment(teacher, model.module, scheme == "integer", Compute())
    logits, apart = alignment(images)
    torch.testing.assert_close(logits, model(images))
    optimiser = torch.optim.SGD(model.module.parameters(), 0.02)
    for _ in range(20):
        optimiser.zero_grad()
        alignment(images)[1].backward()
        optimiser.step()
    assert alignment(images)[1] < apart
    assert model.module.state_dict().keys() == names
