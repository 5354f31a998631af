"""What a user's classifier takes and gives, found by looking at it and by one probe."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from autorecon.teachers.errors import TeacherError


def input_channels(module: nn.Module) -> int:
    """The channels of the images that a classifier takes: those of its first convolution."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            return layer.in_channels
    raise TeacherError("the model has no Conv2d layer; a teacher is a convolutional classifier")


def input_size(module: nn.Module, size: int | None) -> int:
    """The side of its images in pixels: `size` where given, else the module's own `input_size`."""
    own = getattr(module, "input_size", None) if size is None else size
    if own is None:
        raise TeacherError("the size of the model's images is not known; give it, in pixels")
    if not isinstance(own, int) or own < 1:
        raise TeacherError(f"the size of the model's images must be a whole number, not {own!r}")
    return own


def statistics(name: str, values: object, channels: int) -> tuple[float, ...]:
    """Means or deviations of images, one finite number a channel; TeacherError for all else."""
    if isinstance(values, list | tuple) and len(values) == channels:
        numbers = tuple(float(v) for v in values if isinstance(v, int | float) and math.isfinite(v))
        if len(numbers) == channels:
            return numbers
    wanted = f"{channels} number{'s' * (channels > 1)}, one a channel"
    raise TeacherError(f"{name} of the teacher's images must be {wanted}, not {values!r}")


def logits_width(module: nn.Module, channels: int, size: int) -> int:
    """How many classes a classifier in eval mode tells apart, by a probe [1, channels, size, size].

    Raises TeacherError where the probe fails or its output is not [1, classes].
    """
    shape = (1, channels, size, size)
    try:
        with torch.no_grad():
            output = module(torch.zeros(shape))
    # It is somebody else's code: anything may be raised.
    except Exception as error:
        raise TeacherError(f"the model fails on images of shape {list(shape)}: {error}") from error
    if not isinstance(output, Tensor) or output.dim() != 2 or len(output) != 1:
        given = list(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise TeacherError(f"the model must give logits of shape [1, classes], not {given}")
    return output.shape[1]


def require_finite(module: nn.Module) -> None:
    """Raise TeacherError where a weight or a running statistic is infinite or not a number."""
    bad = [name for name, value in module.state_dict().items() if not torch.isfinite(value).all()]
    if bad:
        raise TeacherError(
            f"the model's {_some(bad)} hold values that are infinite or not a number"
        )


def _some(found: list[str], most: int = 3) -> str:
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more
