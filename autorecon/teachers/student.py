"""Fresh classifiers to distil a teacher into."""

from __future__ import annotations

import torch
from torch import nn

from autorecon.teachers.architectures import ARCHITECTURES
from autorecon.teachers.errors import TeacherError
from autorecon.teachers.loading import build_own


def build_student(spec: str, classes: int, channels: int, seed: int) -> nn.Module:
    """A network with initial weights of `seed`: a shipped architecture, or one's own.

    `spec` is a name of ARCHITECTURES, or `package.module:function` where the function takes no
    arguments. Raises TeacherError for an unknown name and whatever is no module.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if ":" in spec:
            return build_own(spec)
        return ARCHITECTURES[known_architecture(spec)](classes, channels)


def known_architecture(name: str) -> str:
    """The name itself; raises TeacherError, listing what there is, for an unknown one."""
    if name not in ARCHITECTURES:
        raise TeacherError(
            f"no architecture is called {name!r}; there are {', '.join(sorted(ARCHITECTURES))}, "
            "and package.module:function for one of your own"
        )
    return name
