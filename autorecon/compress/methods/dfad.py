"""DFAD: the generator looks for images on which the student is far from the teacher.

Both play on the mean distance of their logits: the generator to raise it, the student, with five
steps on fresh noise to each of the generator's, to lower it. Nothing but logits is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.compress.methods.method import (
    ALTERNATED,
    DISTILLED,
    GENERATED,
    TRAINED,
    Losses,
    Method,
    register,
)

if TYPE_CHECKING:
    from autorecon.compress.batch import Answers, Batch
    from autorecon.compress.settings import Settings


def loss(answers: Answers, batch: Batch, config: Settings) -> Losses:
    """Mean |T - S| of logits."""
    return {"l1": (1.0, (answers.logits - batch.logits).abs().mean())}


DFAD = register(
    Method(
        name="dfad",
        family="distillation",
        summary="an adversarial generator; distance of logits",
        cite="Fang et al., Data-Free Adversarial Distillation, arXiv 1912.11006, 2019",
        source="generator",
        settings=DISTILLED
        | GENERATED
        | ALTERNATED
        | TRAINED
        | {
            "objective": "adversarial_l1",
            "warmup_steps": 0,
            "student_steps": 5,
            "student_lr": 0.1,
            "weight_decay": 5e-4,
        },
        loss=loss,
        fresh=True,
    )
)
