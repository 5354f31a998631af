"""A grid of the images, one row a class: the first thing to look at when a result is odd."""

from __future__ import annotations

import copy
import io

import torch
from torch import Tensor

from autorecon.compress.sources import Pictures
from autorecon.nn import Generator
from autorecon.runs import RunFolder, write_bytes
from autorecon.workflow.prepare import Prepared

COLUMNS = 8
MAX_ROWS = 20


@torch.no_grad()
def save_samples(folder: RunFolder, label: str, generator: Generator, prepared: Prepared) -> None:
    """Write images/LABEL.png: COLUMNS images of each of the first MAX_ROWS classes."""
    # A copy: a forward pass in training mode moves the running statistics.
    net = copy.deepcopy(generator).cpu()
    rows = min(net.classes, MAX_ROWS)
    y = torch.arange(rows).repeat_interleave(COLUMNS)
    z = torch.randn(len(y), net.latent, generator=torch.Generator().manual_seed(0))
    _save_grid(folder, label, net(z, y), prepared)


def save_pictures(folder: RunFolder, label: str, pictures: Pictures, prepared: Prepared) -> None:
    """Write images/LABEL.png: pictures in the order of what they were to show."""
    images = torch.cat([batch.images for batch in pictures.batches]).cpu()
    labels = torch.cat([batch.request.labels for batch in pictures.batches]).cpu()
    rows = [images[labels == shown][:COLUMNS] for shown in labels.unique()[:MAX_ROWS]]
    # A class of few pictures repeats them, so that a row stays a class.
    wide = [row.repeat(COLUMNS, 1, 1, 1)[:COLUMNS] for row in rows]
    _save_grid(folder, label, torch.cat(wide), prepared)


def _save_grid(folder: RunFolder, label: str, images: Tensor, prepared: Prepared) -> None:
    """Write images/LABEL.png of images [N, C, H, W].

    Where it is known how images are normalised, pixels are put back to the brightness that they
    had before; else they are stretched to fit.
    """
    from torchvision.transforms.functional import to_pil_image
    from torchvision.utils import make_grid

    if statistics := prepared.statistics:
        mean, std = (torch.tensor(v).view(-1, 1, 1) for v in statistics)
        grid = make_grid((images * std + mean).clamp(0, 1), nrow=COLUMNS, padding=1)
    else:
        grid = make_grid(images, nrow=COLUMNS, padding=1, normalize=True)
    buffer = io.BytesIO()
    to_pil_image(grid).save(buffer, format="PNG")
    write_bytes(folder.path / "images" / f"{label}.png", buffer.getvalue())
