"""GDFQ, as AutoReCon uses it: Algorithm 1, stage 2.

A generator learns to draw images that the teacher knows (Eq. 1), then goes on learning while a
quantized student learns from the teacher on the very images of each of the generator's steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.compress.methods.losses import divergence, hard_of
from autorecon.compress.methods.method import (
    ALTERNATED,
    LABELLED,
    MATCHED,
    QUANTIZED,
    SOFTENED,
    TUNED,
    Losses,
    Method,
    register,
)

if TYPE_CHECKING:
    from autorecon.compress.batch import Answers, Batch
    from autorecon.compress.settings import Settings


def loss(answers: Answers, batch: Batch, config: Settings) -> Losses:
    """CE(S, y) + alpha T^2 KL(softmax(teacher / T) || softmax(S / T)).

    The divergence is divided by the batch and by the number of classes, as in the released code.
    Images of which the teacher itself says another class than y add no cross-entropy, unless
    `labels` is "all".
    """
    soft = divergence(answers.logits, batch.logits, config.temperature)
    classes = answers.logits.shape[1]
    return {
        "ce": (1.0, hard_of(config.labels, answers.logits, batch)),
        "kl": (config.alpha * config.temperature**2, soft / classes),
    }


SETTINGS = QUANTIZED | MATCHED | ALTERNATED | TUNED | SOFTENED | {"alpha": 30.0}
"""GDFQ's alpha is 1; thirty times as much was chosen on training images (docs/results.md)."""

GDFQ = register(
    Method(
        name="gdfq",
        family="quantization",
        summary="a generator and a quantized student, trained in turn",
        cite="Xu et al., Generative Low-bitwidth Data Free Quantization, ECCV 2020",
        source="generator",
        settings=SETTINGS | LABELLED,
        loss=loss,
        labelled=True,
    )
)
