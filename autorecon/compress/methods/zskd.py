"""ZSKD: impressions of the data, from softmax answers drawn around the classes (Nayak et al.).

How classes resemble each other is read off the teacher's last layer: the cosines of its rows are
the concentrations of a Dirichlet distribution a class, from which a batch's answers are drawn, half
of them scaled by 1 and half by 0.1. Pixels are optimised until the teacher, at temperature 20,
gives them; the student then learns its softened answers. The rate of pixels is ours, 0.1: at the
paper's 0.01 as few steps as here leave them where they started.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from autorecon.compress.methods.losses import imitation
from autorecon.compress.methods.method import DISTILLED, PICTURED, TRAINED, Method, register

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from autorecon.objective import Request

SCALES = (1.0, 0.1)
LEAST = 1e-4
"""Concentrations must be above 0."""


def ask(count: int, classes: int, teacher: nn.Module, random: torch.Generator) -> Request:
    """Answers [count, classes] of classes in turn; the labels are the classes they stand for."""
    import torch

    from autorecon.objective import Request

    labels = torch.arange(count) % classes
    rows = concentrations(teacher)[labels]
    # The standard library's generator, seeded from ours: torch's own draws take none.
    source = Random(int(torch.randint(2**62, (), generator=random)))
    drawn = [_dirichlet(row, SCALES[2 * i // count], source) for i, row in enumerate(rows.tolist())]
    return Request(labels, torch.tensor(drawn))


def concentrations(teacher: nn.Module) -> Tensor:
    """Similarity [classes, classes] of the rows of the last layer, each row spread over 0..1."""
    from torch.nn.functional import normalize

    from autorecon.nn.transfer import fetched
    from autorecon.objective.teacher_view import last_linear

    layer = last_linear(teacher)
    assert layer is not None  # the method's needs say so
    (weight,) = fetched([layer.weight])  # answers are drawn on the host
    rows = normalize(weight)
    similar = rows @ rows.T
    low, high = similar.amin(1, keepdim=True), similar.amax(1, keepdim=True)
    return (similar - low) / (high - low).clamp_min(1e-12)


def _dirichlet(row: list[float], scale: float, source: Random) -> list[float]:
    draws = [source.gammavariate(value * scale + LEAST, 1) for value in row]
    total = sum(draws)
    # All may vanish at such small concentrations; then the class itself stands alone.
    return [d / total for d in draws] if total > 0 else [float(v == max(row)) for v in row]


ZSKD = register(
    Method(
        name="zskd",
        family="distillation",
        summary="images for softmax answers drawn from a Dirichlet distribution a class",
        cite="Nayak et al., Zero-Shot Knowledge Distillation in Deep Networks, ICML 2019",
        source="pictures",
        settings=DISTILLED
        | PICTURED
        | TRAINED
        | {
            "objective": "impression",
            "image_batches": 16,
            "image_steps": 50,
            "steps": 400,
            "student_lr": 0.1,
            "temperature": 20.0,
        },
        needs=("features",),
        loss=imitation,
        ask=ask,
    )
)
