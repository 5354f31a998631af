"""The networks for small images that come with the package, by their names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import nn

from autorecon.teachers.mobilenet_v2 import mobilenet_v2
from autorecon.teachers.resnet import resnet18, resnet34, resnet50
from autorecon.teachers.resnet_cifar import resnet20

# Each takes the numbers of classes and of channels; x0_25 is a quarter of the width.
ARCHITECTURES: dict[str, Callable[[int, int], nn.Module]] = {
    "resnet20": resnet20,
    "resnet18": resnet18,
    "resnet18_x0_25": partial(resnet18, width=0.25),
    "resnet34": resnet34,
    "resnet50": resnet50,
    "mobilenet_v2": mobilenet_v2,
    "mobilenet_v2_x0_5": partial(mobilenet_v2, width=0.5),
}
