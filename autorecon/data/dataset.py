"""An image data set: what it is, its images, and the order they are served in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Protocol

import attrs
import torch
from torch import Tensor, nn

from autorecon.data.errors import DataError
from autorecon.image_size import Size, height_and_width

Augmentation = Callable[[Tensor, torch.Generator], Tensor]


# Images in a batch. What a layer gives is to stay in the processor's cache; above
# 32 MB the C library even asks the system for new memory each time.
LEAST_IMAGES, MOST_IMAGES, MOST_PIXELS = 4, 128, 2**16


class Images(Protocol):
    """What gives images [n, C, H, W] for a slice or for indices: a tensor, or files to be read."""

    def __len__(self) -> int: ...

    def __getitem__(self, chosen: Any, /) -> Tensor: ...


@attrs.frozen
class Split:
    """Images [N, C, H, W], bytes 0..255 or floats 0..1, and labels int64 [N], if there are any:
    `labels.UNKNOWN` for those of a list that have none."""

    images: Images = attrs.field(repr=False)
    labels: Tensor | None = attrs.field(repr=False)

    def __len__(self) -> int:
        return len(self.images)

    def labels_of(self, chosen: slice | Tensor) -> Tensor | None:
        """Those of the chosen images."""
        return None if self.labels is None else self.labels[chosen]


@attrs.frozen
class Dataset:
    """A data set at one image size; its splits are read when first asked for.

    `size` is a side of square images, or (height, width). `class_names` are there where all are
    known. `about` says what a reader of figures should know.
    """

    name: str
    size: Size
    channels: int
    class_names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    read: Callable[[str], Split] = attrs.field(repr=False, eq=False)
    about: str = ""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        return self.channels, *height_and_width(self.size)

    @property
    def batch(self) -> int:
        """How many images networks are asked about at a time."""
        pixels = math.prod(self.image_shape[1:])
        return max(LEAST_IMAGES, min(MOST_IMAGES, MOST_PIXELS // pixels))

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)

    @cached_property
    def train(self) -> Split:
        """The training images."""
        return self.read("train")

    @cached_property
    def test(self) -> Split:
        """The test images."""
        return self.read("test")

    def normalised(self, images: Tensor) -> Tensor:
        """Images [N, C, H, W] of a split as floats, of mean 0 and variance 1 over training."""
        pixels = images.float() / 255 if images.dtype == torch.uint8 else images
        mean = pixels.new_tensor(self.mean).view(-1, 1, 1)
        return (pixels - mean) / pixels.new_tensor(self.std).view(-1, 1, 1)

    def in_order(self, split: Split, batch: int) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Every image once, in the files' order: (normalised images, labels) a batch."""
        if batch < 1:
            raise DataError(f"a batch holds at least one image, not {batch}")
        for start in range(0, len(split), batch):
            chosen = slice(start, start + batch)
            yield self.normalised(split.images[chosen]), split.labels_of(chosen)

    def shuffled(
        self,
        split: Split,
        batch: int,
        generator: torch.Generator,
        augment: Augmentation | None = None,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch of a labelled split in an order drawn from `generator`; a last, smaller batch
        is left out.

        `augment` is given the images as they are in the split, before they are normalised.
        """
        labels = _labels(split)
        if not 1 <= batch <= len(split):
            raise DataError(f"a batch holds 1 to {len(split)} images of this split, not {batch}")
        order = torch.randperm(len(split), generator=generator)
        for start in range(0, len(split) - batch + 1, batch):
            chosen = order[start : start + batch]
            images = split.images[chosen]
            images = augment(images, generator) if augment else images
            yield self.normalised(images), labels[chosen]


def _labels(split: Split) -> Tensor:
    if split.labels is None:
        raise DataError("these images have no labels: name a data set that has")
    return split.labels


@contextmanager
def asking(module: nn.Module) -> Iterator[Callable[[Tensor], Tensor]]:
    """What gives a module's logits, on the CPU, of images anywhere; the module is in eval mode
    meanwhile, and its layers are put back into the modes in which they were."""
    modes = [(layer, layer.training) for layer in module.modules()]
    module.eval()
    device = next(module.parameters(), torch.empty(0)).device

    @torch.no_grad()
    def ask(images: Tensor) -> Tensor:
        logits: Tensor = module(images.to(device)).cpu()
        return logits

    try:
        yield ask
    finally:
        for layer, training in modes:
            layer.training = training


def accuracy(
    module: nn.Module, dataset: Dataset, split: Split | None = None, batch: int | None = None
) -> float:
    """Top-1 accuracy of a classifier in eval mode, in percent, over `split` (the test images).

    `batch` is chosen by the images' size where it is None. Raises DataError without labels.
    """
    chosen = dataset.test if split is None else split
    batch = dataset.batch if batch is None else batch
    answers, labels = [], _labels(chosen)
    with asking(module) as ask:
        for images, _ in dataset.in_order(chosen, batch):
            answers.append(ask(images).argmax(1))
    return 100 * int((torch.cat(answers) == labels).sum()) / len(chosen)
