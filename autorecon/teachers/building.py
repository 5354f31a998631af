"""Networks without their weights, for a compressed model to fill."""

from __future__ import annotations

import torch
from torch import nn

from autorecon.teachers.collections import COLLECTIONS
from autorecon.teachers.errors import TeacherError
from autorecon.teachers.shipped import describe, names


def architecture_of(teacher: str) -> str:
    """What builds the network of a teacher of this name: itself, or of a shipped one
    autorecon:NAME; "" where no name does."""
    if teacher in names():
        return f"autorecon:{describe(teacher)['architecture']}"
    path, colon, function = teacher.partition(":")
    named = colon and function.isidentifier() and all(map(str.isidentifier, path.split(".")))
    return teacher if named or path in COLLECTIONS else ""


def is_known(architecture: str) -> bool:
    """Whether `build` makes it: what a user's own module makes is not looked for."""
    return architecture.partition(":")[0] in COLLECTIONS


def build(architecture: str, classes: int, channels: int) -> nn.Module:
    """A network in eval mode with weights that mean nothing, of a name that `is_known`; draws of
    torch's own generator are as before. Raises TeacherError for an unknown name."""
    collection, _, name = architecture.partition(":")
    try:
        with torch.random.fork_rng(devices=[]):
            return COLLECTIONS[collection](name).build(classes, channels).eval()
    except TeacherError:
        raise
    # Libraries raise what they like for numbers that they cannot build with.
    except Exception as error:
        raise TeacherError(f"{architecture} cannot be built here: {error}") from error
