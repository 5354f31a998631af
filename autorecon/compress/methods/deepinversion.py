"""DeepInversion: images drawn from the teacher's weights and BatchNorm statistics (Eq. 2-4).

Pixels are optimised under small random shifts to be of their class, smooth and small, and to have
the statistics that the teacher stored. With `rounds` above 1 and `competition` in the objective it
is Adaptive DeepInversion: later images are to be those on which the student is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.compress.losses import divergence
from autorecon.compress.method import (
    COMMON,
    DISTILLED,
    PICTURED,
    TRAINED,
    Losses,
    Method,
    register,
)

if TYPE_CHECKING:
    from autorecon.compress.batch import Answers, Batch
    from autorecon.compress.config import CompressConfig


def loss(answers: Answers, batch: Batch, config: CompressConfig) -> Losses:
    """KL(softmax(teacher / T) || softmax(S / T))."""
    return {"kl": (1.0, divergence(answers.logits, batch.logits, config.temperature))}


DEEPINVERSION = register(
    Method(
        name="deepinversion",
        family="distillation",
        summary="images optimised pixel by pixel, with priors and BatchNorm statistics",
        cite="Yin et al., Dreaming to Distill: Data-free Knowledge Transfer via DeepInversion, "
        "CVPR 2020",
        source="pictures",
        settings=COMMON
        | DISTILLED
        | PICTURED
        | TRAINED
        | {
            "objective": "ce + 2.5e-5*tv + 3e-8*l2 + 10*bns_norm",
            "rounds": 1,
            "student_lr": 0.1,
            "temperature": 3.0,
        },
        loss=loss,
        jitter=2,
    )
)
