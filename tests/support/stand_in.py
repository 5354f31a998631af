"""What stands for the shipped teacher that tools take, where any network of its images will do."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest
import torch
from torch import Tensor, nn

from autorecon import teachers

NAME = "resnet20-fashion16"


class Small(nn.Module):
    """Sure of its answers, so that a step of a student moves weights to other levels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(1, 16, 3, stride=2), nn.BatchNorm2d(16)
        self.conv2, self.bn2 = nn.Conv2d(16, 32, 3, stride=2), nn.BatchNorm2d(32)
        self.fc = nn.Linear(32, 10)
        self.fc.weight.data *= 30

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        logits: Tensor = self.fc(x.mean((2, 3)))
        return logits


@pytest.fixture(scope="module", autouse=True)
def small_teacher() -> Iterator[None]:
    """One network, captured once, for tests that train no teacher."""
    torch.manual_seed(0)
    load, shipped = teachers.load, teachers.load(NAME)
    small = attrs.evolve(shipped, module=Small().eval())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            teachers, "load", lambda spec, **o: small if spec == NAME else load(spec, **o)
        )
        yield
