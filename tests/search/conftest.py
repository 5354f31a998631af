"""A teacher of 8x8 images and the paper's space at a size that takes milliseconds."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import autorecon

TINY = {"size": 8, "width": 2, "classes": 3, "channels": 1, "latent": 4}


@pytest.fixture
def teacher():
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)).eval()


@pytest.fixture
def build():
    return lambda: autorecon.supernet(autorecon.load("paper", **TINY), seed=0)
