"""A teacher of a module that its user holds."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence

import attrs
from torch import nn

from autorecon.image_size import as_size
from autorecon.teachers.images import Images
from autorecon.teachers.inspection import unwrapped
from autorecon.teachers.loading import looked_at
from autorecon.teachers.shipped import GIVEN
from autorecon.teachers.teacher import Teacher


def of_module(
    module: nn.Module,
    image_shape: tuple[int, int, int] | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
) -> Teacher:
    """A teacher that is a copy of a classifier of images [N, *image_shape]; its name tells its
    weights from others.

    Without a shape, what the module says of its images counts. Raises TeacherError where that is
    nothing, or where the module does not answer with logits.
    """
    changes: list[str] = []
    module = unwrapped(copy.deepcopy(module).cpu().eval(), changes.append)
    name = f"{GIVEN} ({type(module).__name__} {_digest(module)})"
    told = Images(mean=mean, std=std)
    if image_shape:
        channels, height, width = image_shape
        told = Images(as_size(height, width), channels, mean, std)
    teacher = looked_at(name, module, told, Images(), changes.append)
    return attrs.evolve(teacher, changes=tuple(changes))


def _digest(module: nn.Module) -> str:
    found = hashlib.sha256()
    for name, value in module.state_dict().items():
        found.update(name.encode())
        found.update(value.detach().contiguous().flatten().view(-1).numpy().tobytes())
    return found.hexdigest()[:8]
