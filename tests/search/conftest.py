"""A teacher of small images, and two spaces that take milliseconds."""

from __future__ import annotations

import attrs
import pytest
import torch
from torch import nn

import autorecon
from autorecon.objective import Objective
from autorecon.search import SearchConfig
from autorecon.search.judge import Judge
from autorecon.search.strategies import build as build_strategy

# One edge with a choice of three, one that must not be cut.
TOY = """space toy(classes = 3)
input z [4]: noise
node a [1, 4, 4]
output image [1, 4, 4]
link z -> a = linear
link a -> image = none | conv(3) | identity
"""

# Three decisions, of which two can cut the image together.
SMALL = """space small(classes = 3)
input z [4]: noise
input y: label(classes)
node a [2, 4, 4] then bn
node b [2, 8, 8] then bn >> relu
output image [1, 8, 8]
link z -> a = linear
link y -> a = embed
link a -> b = nearest | bilinear | none
link a -> image = nearest >> conv(1) | none
link b -> image = conv(3) | conv(1) | conv(5)
"""


@pytest.fixture
def teacher():
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)).eval()


@pytest.fixture
def build():
    return lambda: autorecon.supernet(autorecon.loads(SMALL), seed=0)


@pytest.fixture
def toy(teacher):
    """Makes a strategy on the toy, whose alpha is 2, 0, -1, ready for an epoch that trains it."""

    def make(name, text=TOY, alpha=(2.0, 0.0, -1.0), seed=5, **settings):
        config = attrs.evolve(
            SearchConfig(strategy=name, batch=4, epochs=2, warmup_epochs=0), **settings
        )
        net = autorecon.supernet(autorecon.loads(text), seed=0)
        with torch.no_grad():
            for parameter in net.alpha.values():
                parameter.copy_(torch.tensor(alpha[: len(parameter)]))
        random = torch.Generator().manual_seed(seed)
        judge = Judge(net, teacher, Objective.parse(config.objective), config.batch, random)
        strategy = build_strategy(judge, config, random)
        strategy.begin(0)
        return strategy

    return make
