"""How much a batch's images differ, and what to tell a user where they do not."""

from __future__ import annotations

import torch
from torch import Tensor

from autorecon.nn.transfer import sent

COLLAPSED = 0.05
"""Diversity under which images are the same one to the eye."""


@torch.no_grad()
def diversity(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """How much images [N, C, H, W] differ from each other, and within their classes [N], by labels
    on the host; two scalars where the images are.

    Both are standard deviations of a pixel over images, averaged over pixels, as a share of the
    standard deviation of all pixel values: 0 for identical images, at most about 1.
    Classes with one image are left out; without any other, the second figure is the first.
    """
    contrast = images.std(correction=0).clamp_min(1e-12)
    order, counts = labels.argsort(stable=True), labels.unique(return_counts=True)[1]
    groups = images[sent(order, images.device)].split(counts.tolist())
    inside = [_spread(group) * len(group) for group in groups if len(group) > 1]
    counted = sum(len(group) for group in groups if len(group) > 1)
    overall = _spread(images)
    within = torch.stack(inside).sum() / counted if inside else overall
    return overall / contrast, within / contrast


def _spread(images: Tensor) -> Tensor:
    return images.std(0, correction=0).mean()


def collapse_warning(overall: float, within: float, *, labelled: bool = True) -> str | None:
    """What to tell the user about a batch of this diversity, or None.

    Within classes there is nothing to see where images are not made of labels.
    """
    if overall < COLLAPSED:
        return f"the images collapsed: they are nearly identical (diversity {overall:.3f})"
    if labelled and within < COLLAPSED:
        return f"there is one image per class (diversity within classes {within:.3f})"
    return None
