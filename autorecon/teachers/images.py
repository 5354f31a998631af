"""What is known of the images that a classifier takes: told by the user, a file, or the network."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from torch import nn

from autorecon.image_size import Size, as_size, height_and_width
from autorecon.lang.wording import plural
from autorecon.reading import read_bounded
from autorecon.teachers.errors import TeacherError

Numbers = tuple[float, ...]
_LARGEST = 16_000_000
"""Bytes of a file that describes images."""


@attrs.frozen
class Images:
    """Size in pixels, channels, and what they are normalised with; None where it is not known."""

    size: Size | None = None
    channels: int | None = None
    mean: object = None
    std: object = None

    def over(self, other: Images) -> Images:
        """These facts, and where they say nothing those of another. Mean and deviation are one."""
        known = {name: v for name, v in attrs.asdict(self, recurse=False).items() if v is not None}
        if "mean" in known or "std" in known:
            known |= {"mean": self.mean, "std": self.std}
        return attrs.evolve(other, **known)

    def for_channels(self, channels: int) -> Images:
        """The same, where these are images of so many; else no mean of theirs can be meant."""
        fits = isinstance(self.mean, list | tuple) and len(self.mean) == channels
        return self if fits else attrs.evolve(self, mean=None, std=None)


def stated(module: nn.Module) -> Images:
    """What a network says itself by `input_size`, which is a number, (height, width) or
    (channels, height, width), `input_mean` and `input_std`. TeacherError for what cannot be."""
    channels, size = _size(getattr(module, "input_size", None))
    mean, std = (getattr(module, name, None) for name in ("input_mean", "input_std"))
    return Images(size, channels, mean, std)


def configured(module: nn.Module) -> Images:
    """What its `pretrained_cfg` or `default_cfg` says, as timm has them: mappings or objects."""
    for name in ("pretrained_cfg", "default_cfg"):
        about = getattr(module, name, None)
        about = about if isinstance(about, Mapping) or about is None else vars(about)
        if about and about.get("input_size"):
            return of_config(about)
    return Images()


def of_config(about: Mapping[str, Any]) -> Images:
    """The facts in a `pretrained_cfg`."""
    channels, size = _size(about.get("input_size"))
    return Images(size, channels, about.get("mean"), about.get("std"))


def of_folder(path: Path) -> Images:
    """What a Hugging Face folder says, in timm's way or in that of transformers; nothing of files.

    Raises TeacherError for files that are not what they are called.
    """
    config, processor = _json(path / "config.json"), _json(path / "preprocessor_config.json")
    if isinstance(about := config.get("pretrained_cfg"), Mapping):
        return of_config(about)
    cropped = processor.get("crop_size") if processor.get("do_center_crop", True) else None
    size = cropped or processor.get("size") or config.get("image_size")
    if isinstance(size, Mapping):
        sides = [size.get(side, size.get("shortest_edge")) for side in ("height", "width")]
        size = sides if all(sides) else None
    mean, std = processor.get("image_mean"), processor.get("image_std")
    return Images(_size(size)[1], config.get("num_channels"), mean, std)


def _json(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(read_bounded(path, _LARGEST))
    except (OSError, ValueError, RecursionError) as error:
        raise TeacherError(f"cannot read {path}: {error}") from error
    return found if isinstance(found, Mapping) else {}


def first_channels(module: nn.Module) -> int | None:
    """The channels of the images that a network takes: those of its first convolution of images."""
    convolutions = (m for m in module.modules() if isinstance(m, nn.Conv2d))
    return next((layer.in_channels for layer in convolutions), None)


def _size(given: object) -> tuple[int | None, Size | None]:
    """(channels, size) of a network's `input_size`."""
    if given is None:
        return None, None
    sides = (given, given) if isinstance(given, int) else given
    sides = tuple(sides) if isinstance(sides, list | tuple) else ()
    if len(sides) in (2, 3) and all(type(side) is int and side > 0 for side in sides):
        return (sides[0] if len(sides) == 3 else None), as_size(*sides[-2:])
    raise TeacherError(
        "the network's input_size must be a whole number above 0, (height, width) or (channels, "
        f"height, width), not {given!r}"
    )


def required(images: Images, module: nn.Module) -> tuple[int, int, int]:
    """(channels, height, width); TeacherError, saying how to give it, where one is not known."""
    if images.size is None:
        raise TeacherError(
            "the size of the model's images is not known: give it in pixels with --size, as 224 or "
            "224x160 (height x width), or let the network have an attribute input_size"
        )
    if images.channels is None:
        if any(isinstance(layer, nn.Conv1d | nn.Conv3d) for layer in module.modules()):
            raise TeacherError(
                "the model has convolutions of signals or volumes alone, and what is compressed "
                "here are classifiers of images; give their --channels if it takes images"
            )
        raise TeacherError(
            "how many channels the model's images have is not known, for it has no Conv2d layer: "
            "give it with --channels, or let the network have an attribute input_size of "
            "(channels, height, width)"
        )
    try:
        height, width = height_and_width(images.size)
    except ValueError as error:
        raise TeacherError(f"the model's images: {error}") from error
    if type(images.channels) is not int or images.channels < 1:
        raise TeacherError(
            f"images have a whole number of channels above 0, not {images.channels!r}"
        )
    return images.channels, height, width


def normalisation(images: Images, channels: int) -> tuple[Numbers, Numbers] | tuple[None, None]:
    """Mean and deviation, one finite number a channel, or neither; TeacherError for all else."""
    if images.mean is None and images.std is None:
        return None, None
    mean, std = _numbers("mean", images.mean, channels), _numbers("std", images.std, channels)
    if min(std) <= 0:
        raise TeacherError(f"std = {list(std)} must be above 0")
    return mean, std


def _numbers(name: str, values: object, channels: int) -> Numbers:
    if isinstance(values, list | tuple) and len(values) == channels:
        numbers = tuple(float(v) for v in values if isinstance(v, int | float) and math.isfinite(v))
        if len(numbers) == channels:
            return numbers
    wanted = f"{plural(channels, 'number')}, one a channel"
    raise TeacherError(f"{name} of the teacher's images must be {wanted}, not {values!r}")
