"""A person's own pictures as a data set: `--data folder:PATH`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autorecon.data.errors import DataError
from autorecon.data.folders import expanded
from autorecon.data.listing import listed
from autorecon.data.pictures import MODES, Pictures
from autorecon.data.registry import OWN

if TYPE_CHECKING:
    from autorecon.data.dataset import Dataset, Split


def open_own(
    name: str,
    image_shape: tuple[int, int, int],
    classes: int,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
) -> Dataset:
    """The images that `folder:PATH` names, as a teacher takes them: (C, H, W), normalised.

    Every file is opened, none is decoded. Raises DataError where a file is no image, where labels
    are none of so many `classes`, or where the teacher's normalisation is not known.
    """
    import torch

    from autorecon.data.dataset import Dataset, Split

    channels, height, width = image_shape
    if channels not in MODES:
        raise DataError(f"pictures have 1 or 3 channels, and the teacher's images {channels}")
    if not mean or not std:
        raise DataError(
            "how the teacher's images are normalised is not known: state it, as by "
            "--with 'teacher.mean=[0.5, 0.5, 0.5]' --with 'teacher.std=[0.25, 0.25, 0.25]'"
        )
    found = listed(expanded(name.removeprefix(OWN)), classes)
    pictures = Pictures(found.paths, image_shape)
    pictures.check()
    split = Split(pictures, None if found.labels is None else torch.tensor(found.labels))

    def read(which: str) -> Split:
        if which != "test":
            raise DataError(f"{name} has no {which} images: all of them are to measure on")
        return split

    return Dataset(
        name,
        (height, width),
        channels,
        found.class_names,
        tuple(mean),
        tuple(std),
        read,
        found.about,
    )
