"""HAST's term: channels of blocks as strong as the teacher's."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from autorecon.compress.engine.alignment import block_ends, distance, strengths
from autorecon.compress.quantization.capture import capture
from residual import SHAPE, Residual


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
