from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from remembered import captured_once as captured_once


class TinyTeacher(nn.Module):
    """8x8 images to 3 classes, with a residual sum and one ReLU module called three times."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(4)
        self.conv3 = nn.Conv2d(4, 4, 1)
        self.relu = nn.ReLU()
        self.head = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)) + x)
        x = self.relu(self.conv3(x))
        return self.head(x.mean((2, 3)))


class TinyGenerator(nn.Module):
    """Noise and a label to an 8x8 image."""

    def __init__(self) -> None:
        super().__init__()
        self.latent, self.classes = 6, 3
        self.image_shape = (1, 8, 8)
        self.embed = nn.Embedding(3, 6)
        self.linear = nn.Linear(6, 4 * 4 * 4)
        self.conv = nn.Conv2d(4, 1, 3, padding=1)
        self.norm = nn.BatchNorm2d(1, affine=False)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        x = self.linear(z * self.embed(y)).view(-1, 4, 4, 4)
        x = nn.functional.interpolate(x, scale_factor=2)
        return self.norm(self.conv(x).tanh())

    def example_inputs(self, batch: int) -> tuple[Tensor, Tensor]:
        return torch.zeros(batch, 6), torch.zeros(batch, dtype=torch.int64)


@pytest.fixture
def teacher() -> nn.Module:
    """Random weights with decided answers; the BatchNorm layers have seen a few batches."""
    torch.manual_seed(0)
    teacher = TinyTeacher()
    teacher.head.weight.data *= 10
    with torch.no_grad():
        for _ in range(5):
            teacher(torch.randn(16, 1, 8, 8))
    return teacher.eval()


@pytest.fixture
def generator() -> nn.Module:
    torch.manual_seed(1)
    return TinyGenerator()
