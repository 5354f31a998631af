"""A grid of the images, one row a class: the first thing to look at when a result is odd."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from autorecon.nn import Generator
from autorecon.records.files import PICTURE_CLASSES, PICTURE_LIMIT
from autorecon.runs import RunFolder, write_bytes
from autorecon.workflow.prepare import Prepared

COLUMNS = 8
MAX_ROWS = 20
MAX_PIXELS = 2**21
"""Of all images of a grid that are made for it alone: 20 classes at 112x112, 5 at 224x224."""


@torch.no_grad()
def save_samples(folder: RunFolder, label: str, net: Generator, prepared: Prepared) -> None:
    """Write images/LABEL.png: COLUMNS images of each of the first classes, MAX_ROWS at most."""
    _, height, width = net.image_shape
    rows = min(net.classes, MAX_ROWS, max(1, MAX_PIXELS // (COLUMNS * height * width)))
    z = torch.randn(rows * COLUMNS, net.latent, generator=torch.Generator().manual_seed(0))
    # A forward pass in training mode moves the running statistics.
    kept = {name: buffer.clone() for name, buffer in net.named_buffers()}
    images = _drawn(net, z.view(rows, COLUMNS, net.latent), prepared.config.compress.batch)
    for name, buffer in net.named_buffers():
        buffer.copy_(kept[name])
    _save_grid(folder, label, images, range(rows), prepared)


def _drawn(net: Generator, z: Tensor, batch: int) -> Tensor:
    """A row a class, of noise [rows, COLUMNS, latent], in batches of as many columns as come to one
    of those in which the generator learnt: its norms, and memory, are used to no more."""
    place, rows = next(net.parameters()).device, torch.arange(len(z))
    at_once = next((n for n in (1, 2, 4) if n * len(z) >= batch), COLUMNS)
    drawn = []
    for part in z.split(at_once, 1):
        y = rows.repeat_interleave(part.shape[1])
        images = net(part.flatten(0, 1).to(place), y.to(place)).cpu()
        drawn.append(images.unflatten(0, part.shape[:2]))
    return torch.cat(drawn, 1).flatten(0, 1)


def save_pictures(
    folder: RunFolder, label: str, kept: Mapping[str, Tensor], prepared: Prepared
) -> None:
    """Write images/LABEL.png: `images` in the order of what they were to show, their `labels`."""
    images, labels = kept["images"].cpu(), kept["labels"].cpu()
    classes = labels.unique()[:MAX_ROWS]
    rows = [images[labels == shown][:COLUMNS] for shown in classes]
    # A class of few pictures repeats them, so that a row stays a class.
    wide = [row.repeat(COLUMNS, 1, 1, 1)[:COLUMNS] for row in rows]
    _save_grid(folder, label, torch.cat(wide), classes.tolist(), prepared)


def _save_grid(
    folder: RunFolder, label: str, images: Tensor, classes: Sequence[int], prepared: Prepared
) -> None:
    """Write images/LABEL.png of images [N, C, H, W], small enough for a page, a row a class.

    Where it is known how images are normalised, pixels are put back to the brightness that they
    had before; else they are stretched to fit.
    """
    from PIL.PngImagePlugin import PngInfo
    from torchvision.transforms.functional import to_pil_image
    from torchvision.utils import make_grid

    if statistics := prepared.statistics:
        mean, std = (torch.tensor(v).view(-1, 1, 1) for v in statistics)
        images = (images * std + mean).clamp(0, 1)
    grid = make_grid(_small(images), nrow=COLUMNS, padding=1, normalize=statistics is None)
    buffer, about = io.BytesIO(), PngInfo()
    about.add_text(PICTURE_CLASSES, " ".join(map(str, classes)))
    to_pil_image(grid).save(buffer, format="PNG", pnginfo=about)
    write_bytes(_place(folder, label), buffer.getvalue())


def is_picture(folder: RunFolder, label: str) -> bool:
    """Whether images/LABEL.png is there and whole."""
    from PIL import Image

    try:
        with Image.open(_place(folder, label), formats=["PNG"]) as picture:
            picture.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False
    return True


def _place(folder: RunFolder, label: str) -> Path:
    return folder.path / "images" / f"{label}.png"


def _small(images: Tensor) -> Tensor:
    """Images [N, C, H, W] so small that even noise, of three bytes a pixel, is within the limit."""
    count, _, height, width = images.shape
    # A border of one pixel, and a byte a row of pixels and some for each block, are written too.
    most = 0.95 * PICTURE_LIMIT / (3 * count)
    share = (most / ((height + 1) * (width + 1))) ** 0.5
    if share >= 1:
        return images
    size = [max(1, int(side * share)) for side in (height, width)]
    return interpolate(images, size, mode="bilinear", antialias=True)
