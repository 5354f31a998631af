"""What the student minimises, and how a batch of images is seen to have collapsed."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from autorecon.objective import DivergedError

COLLAPSED = 0.05
"""Diversity under which images are the same one to the eye."""


def student_loss(
    student: Tensor, teacher: Tensor, labels: Tensor, temperature: float, alpha: float
) -> tuple[Tensor, dict[str, float]]:
    """L_S of GDFQ from logits [N, classes] and labels [N], and its parts.

    CE(S, y) + alpha T^2 KL(softmax(teacher / T) || softmax(S / T)), where the divergence is
    divided by N and by the number of classes. Raises DivergedError if it is not finite.
    """
    hard = F.cross_entropy(student, labels)
    soft = _divergence(student / temperature, teacher / temperature)
    total = hard + alpha * temperature**2 * soft
    parts = {"total": float(total.detach()), "ce": float(hard.detach()), "kl": float(soft.detach())}
    for name, value in parts.items():
        if not math.isfinite(value):
            raise DivergedError(f"student {name}", value)
    return total, parts


def _divergence(student: Tensor, teacher: Tensor) -> Tensor:
    total = F.kl_div(student.log_softmax(1), teacher.softmax(1), reduction="sum")
    return total / student.numel()


@torch.no_grad()
def diversity(images: Tensor, labels: Tensor) -> tuple[float, float]:
    """How much images [N, C, H, W] differ from each other, and within their classes [N].

    Both are standard deviations of a pixel over images, averaged over pixels, as a share of the
    standard deviation of all pixel values: 0 for identical images, at most about 1.
    Classes with one image are left out; without any other, the second figure is the first.
    """
    contrast = images.std(correction=0).clamp_min(1e-12)
    groups = [images[labels == label] for label in labels.unique()]
    inside = [_spread(group) * len(group) for group in groups if len(group) > 1]
    counted = sum(len(group) for group in groups if len(group) > 1)
    overall = _spread(images)
    within = torch.stack(inside).sum() / counted if inside else overall
    return float(overall / contrast), float(within / contrast)


def _spread(images: Tensor) -> Tensor:
    return images.std(0, correction=0).mean()


def collapse_warning(overall: float, within: float) -> str | None:
    """What to tell the user about a batch of this diversity, or None."""
    if overall < COLLAPSED:
        return f"the generator collapsed: its images are nearly identical (diversity {overall:.3f})"
    if within < COLLAPSED:
        return f"the generator makes one image per class (diversity within classes {within:.3f})"
    return None
