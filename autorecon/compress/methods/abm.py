"""Adversarial belief matching: zero-shot knowledge transfer (Micaelli and Storkey).

The generator raises KL(teacher || student); the student lowers it with ten steps on the same
images, and pays attention where the teacher does. Maps are compared wherever both networks have
features of one size, so that their architectures may differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.compress.errors import CompressError
from autorecon.compress.methods.losses import divergence
from autorecon.compress.methods.method import (
    ALTERNATED,
    DISTILLED,
    GENERATED,
    Losses,
    Method,
    register,
)

if TYPE_CHECKING:
    from torch import Tensor

    from autorecon.compress.batch import Answers, Batch
    from autorecon.compress.settings import Settings

ATTENTION = 250.0
"""Weight of the attention loss, beta."""


def loss(answers: Answers, batch: Batch, config: Settings) -> Losses:
    """KL / classes + beta * sum over sizes of the mean squared difference of attention maps."""
    classes = answers.logits.shape[1]
    return {
        "kl": (1.0, divergence(answers.logits, batch.logits) / classes),
        "attention": (ATTENTION, attention_loss(answers)),
    }


def attention_loss(answers: Answers) -> Tensor:
    """Over the sizes that both models' maps have; raises CompressError where there are none."""
    shared = answers.maps.keys() & answers.teacher_maps.keys()
    if not shared:
        raise CompressError(
            "abm compares attention maps, and the student has no features of a size that the "
            "teacher has: choose another --student"
        )
    pairs = ((answers.maps[size], answers.teacher_maps[size]) for size in sorted(shared))
    first, *rest = ((mine - taught).square().mean() for mine, taught in pairs)
    return sum(rest, first)


ABM = register(
    Method(
        name="abm",
        family="distillation",
        summary="adversarial belief matching, with attention transfer",
        cite="Micaelli and Storkey, Zero-shot Knowledge Transfer via Adversarial Belief Matching, "
        "NeurIPS 2019",
        source="generator",
        settings=DISTILLED
        | GENERATED
        | ALTERNATED
        | {
            "objective": "adversarial_kl",
            "warmup_steps": 0,
            "steps": 250,
            "student_steps": 10,
            "student_lr": 2e-3,
            "weight_decay": 0.0,
        },
        loss=loss,
        attends=True,
        optimiser="adam",
    )
)
