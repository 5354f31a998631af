"""GENIE's swing convolution."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from autorecon.objective import Request, TeacherView
from autorecon.objective.swing import Swing

EVERY = [(down, right) for down in range(3) for right in range(3)]


def shifted(maps: Tensor, down: int, right: int) -> Tensor:
    padded = pad(maps, (1, 1, 1, 1), mode="reflect")
    return padded[..., down : down + maps.shape[2], right : right + maps.shape[3]]


def test_what_strides_is_shifted_by_up_to_a_pixel() -> None:
    maps, weight = torch.arange(12.0).view(1, 1, 3, 4), torch.ones(1, 1, 1, 1)
    expected = [conv2d(shifted(maps, *way), weight, stride=2) for way in EVERY]
    assert expected[0].flatten().tolist() == [5.0, 5.0, 5.0, 5.0]  # 5 stands at (1, 1)
    assert torch.equal(expected[4], conv2d(maps, weight, stride=2))
    seen = set()
    for seed in range(60):
        with Swing(seed):
            found = conv2d(maps, weight, stride=(2, 2))
            same = conv2d(input=maps, weight=weight, stride=1)
        assert torch.equal(same, maps), "what does not stride is as it was"
        seen |= {i for i, one in enumerate(expected) if torch.equal(one, found)}
        assert any(torch.equal(one, found) for one in expected)
    assert seen == set(range(9))


def test_maps_of_a_pixel_are_as_they_were() -> None:
    with Swing(0):
        assert conv2d(torch.ones(1, 1, 1, 1), torch.ones(1, 1, 1, 1), stride=2).item() == 1


class Strided(nn.Module):
    """Of a layer and of a function."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 2, 3, stride=2, padding=1), nn.BatchNorm2d(2)
        self.weight, self.head = nn.Parameter(torch.randn(2, 2, 1, 1)), nn.Linear(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = conv2d(self.norm(self.conv(x)).relu(), self.weight, None, 2)
        logits: Tensor = self.head(x.mean((2, 3)))
        return logits


@pytest.mark.parametrize("seed", range(4))
def test_a_view_swings_while_it_is_looked_at(seed: int) -> None:
    torch.manual_seed(0)
    teacher, images = Strided().eval(), torch.randn(4, 1, 8, 8, requires_grad=True)
    request = Request(torch.zeros(4, dtype=torch.int64))
    plain = TeacherView(teacher)
    view = plain.swung(seed)
    answers = plain.answers(images)
    assert torch.equal(plain(images, request).logits, answers)
    assert torch.equal(view.answers(images), answers)
    first, again = (view(images, request) for _ in range(2))
    assert torch.equal(first.logits, again.logits)
    assert torch.equal(first.statistics[0].mean, again.statistics[0].mean)
    norm, ways = teacher.norm, []
    for one in EVERY:
        middle = norm(teacher.conv(shifted(images, *one))).relu()
        ends = (conv2d(shifted(middle, *other), teacher.weight, None, 2) for other in EVERY)
        ways += [teacher.head(end.mean((2, 3))) for end in ends]
    assert any(torch.allclose(way, first.logits, atol=1e-6) for way in ways)
    first.logits.sum().backward()
    assert images.grad is not None
