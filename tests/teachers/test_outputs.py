"""Whatever a classifier gives, a teacher gives logits, and keeps its names."""

from __future__ import annotations

import re
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autorecon import teachers
from autorecon.teachers import Teacher, TeacherError

Load = Callable[..., Teacher]
Both = namedtuple("Both", ["answers", "aux"])


@dataclass
class Output:
    loss: Tensor | None
    logits: Tensor


class Net(nn.Module):
    """A small classifier whose output is made of its logits by a function."""

    input_size = 8

    def __init__(self, give: Callable[[Tensor], Any], classes: int = 4) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.conv, self.norm, self.head = (
            nn.Conv2d(3, 6, 3),
            nn.BatchNorm2d(6),
            nn.Linear(6, classes),
        )
        self.give = give

    def logits(self, x: Tensor) -> Tensor:
        return 5 * self.head(self.norm(self.conv(x)).relu().mean((2, 3)))

    def forward(self, x: Tensor) -> Any:
        return self.give(self.logits(x))


class Underived(torch.autograd.Function):
    """Somebody's operation without a derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return 2 * x


@pytest.fixture
def load(offer: Callable[[nn.Module], str]) -> Load:
    return lambda module, **given: teachers.load(offer(module), **given)


IMAGES = torch.randn(5, 3, 8, 8, generator=torch.Generator().manual_seed(4))


@pytest.mark.parametrize(
    ("give", "said"),
    [
        (lambda x: (x,), "of the tuple .*, 0 are the logits$"),
        (lambda x: [x, x + 1], "of the list .*, 0 are the logits, and 1 left out"),
        (lambda x: Both(x, x + 1), "of the Both .*, 0 are the logits, and 1 left out"),
        (lambda x: {"loss": None, "out": x}, "'out' are the logits, and 'loss' left out"),
        (lambda x: OrderedDict(hidden=x[:, :2], logits=x), "'logits' are the logits"),
        (lambda x: Output(None, x), "of the Output .*, 'logits' are the logits"),
        (lambda x: x[:, :, None, None], None),
    ],
)
def test_containers_of_logits(load: Load, give: Callable[[Tensor], Any], said: str | None) -> None:
    net = Net(give)
    names = list(net.state_dict())
    teacher = load(net)
    assert teacher.classes == 4
    assert torch.equal(teacher.module(IMAGES), net.logits(IMAGES))
    assert list(teacher.module.state_dict()) == names
    if said:
        assert re.search(said, teacher.changes[0])


@pytest.mark.parametrize(
    ("give", "said"),
    [
        (lambda x: (x, x[:, :2]), r"several that may be: \{0: \[3, 4\], 1: \[3, 2\]\}"),
        (lambda x: {"loss": x.mean()}, r"a dict of loss: \[\]"),
        (lambda x: (), "a tuple of nothing"),
        (lambda x: "a cat", "a str of nothing"),
        (lambda x: x.mean(), r"logits of shape \[images, classes\], not \[\]"),
        (lambda x: x.sigmoid(), "sigmoid for each of several classes"),
        (lambda x: x / 0, "infinite or not a number"),
        (lambda x: x.detach(), "have no gradients"),
        (lambda x: Underived.apply(x), "have no gradients, .*: You must implement"),
    ],
)
def test_what_are_no_logits(load: Load, give: Callable[[Tensor], Any], said: str) -> None:
    with pytest.raises(TeacherError, match=said):
        load(Net(give))


class Ending(Net):
    """One that ends with a layer instead."""

    def __init__(self, last: nn.Module, classes: int = 4) -> None:
        super().__init__(last, classes)


@pytest.mark.parametrize(
    "build", [lambda: Net(lambda x: x.softmax(1)), lambda: Ending(nn.Softmax(1))]
)
def test_a_softmax_is_undone(load: Load, build: Callable[[], Net]) -> None:
    net = build()
    teacher = load(net)
    assert teacher.changes == ("the softmax at the network's end was undone",)
    answers, logits = teacher.module(IMAGES), net.logits(IMAGES)
    torch.testing.assert_close(answers.log_softmax(1), logits.log_softmax(1))


def test_a_log_softmax_is_found(load: Load) -> None:
    net = Net(lambda x: x.log_softmax(1))
    teacher = load(net)
    assert "ends with a log-softmax" in teacher.changes[0]
    assert torch.equal(teacher.module(IMAGES), net.logits(IMAGES).log_softmax(1))


@pytest.mark.parametrize("give", [lambda x: x, lambda x: x[:, 0]])
def test_one_logit_becomes_two(load: Load, give: Callable[[Tensor], Tensor]) -> None:
    net = Net(give, classes=1)
    teacher = load(net)
    assert teacher.classes == 2
    assert "one logit became two" in teacher.changes[0]
    answers = teacher.module(IMAGES)
    torch.testing.assert_close(answers.softmax(1)[:, 1], net.logits(IMAGES)[:, 0].sigmoid())


@pytest.mark.parametrize(
    "build",
    [
        lambda: Net(lambda x: x.sigmoid(), classes=1),
        lambda: Net(lambda x: x.sigmoid().squeeze(1), classes=1),
        lambda: Ending(nn.Sigmoid(), classes=1),
    ],
)
def test_a_sigmoid_of_one_logit_is_undone(load: Load, build: Callable[[], Net]) -> None:
    net = build()
    teacher = load(net)
    expected = net.logits(IMAGES)
    torch.testing.assert_close(teacher.module(IMAGES)[:, 1:], expected, rtol=1e-4, atol=1e-4)
    assert teacher.changes[0] == "the sigmoid at the network's end was undone"


def test_what_is_found_is_what_export_captures(load: Load) -> None:
    teacher = load(Net(lambda x: {"logits": x.softmax(1)}))
    captured = torch.export.export(teacher.module, (IMAGES,), strict=False).module()
    torch.testing.assert_close(captured(IMAGES), teacher.module(IMAGES))
