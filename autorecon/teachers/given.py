"""A teacher of a module that its user holds."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence

from torch import nn

from autorecon.teachers.errors import TeacherError
from autorecon.teachers.loading import looked_at, normalising
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

    Without a shape, the module's `input_size` counts. Raises TeacherError where that is none, or
    where the module does not answer with logits.
    """
    module = copy.deepcopy(module).cpu()
    name = f"{GIVEN} ({type(module).__name__} {_digest(module)})"
    if image_shape is not None and (len(image_shape) != 3 or image_shape[1] != image_shape[2]):
        raise TeacherError(f"image_shape = {image_shape} must be (channels, size, size)")
    teacher = looked_at(name, module, image_shape[1] if image_shape else None)
    if image_shape and teacher.image_shape != tuple(image_shape):
        takes = teacher.channels
        raise TeacherError(
            f"{type(module).__name__} takes images of {takes} channels, not {image_shape[0]}"
        )
    return normalising(teacher, mean, std)


def _digest(module: nn.Module) -> str:
    found = hashlib.sha256()
    for name, value in module.state_dict().items():
        found.update(name.encode())
        found.update(value.detach().contiguous().flatten().view(-1).numpy().tobytes())
    return found.hexdigest()[:8]
