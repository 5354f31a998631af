"""DAFL: the teacher as a fixed discriminator (Chen et al., Eq. 8 and Algorithm 1).

A generator's images are to be answered surely (one-hot), to excite the last features (activation)
and to show all classes alike (information entropy). The weights are those of the paper's runs on
CIFAR. The student learns the teacher's softmax on the images of each step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.compress.losses import divergence
from autorecon.compress.method import (
    ALTERNATED,
    COMMON,
    DISTILLED,
    GENERATED,
    TRAINED,
    Losses,
    Method,
    register,
)

if TYPE_CHECKING:
    from autorecon.compress.batch import Answers, Batch
    from autorecon.compress.config import CompressConfig


def loss(answers: Answers, batch: Batch, config: CompressConfig) -> Losses:
    """KL(softmax(teacher) || softmax(S)), the mean over the batch."""
    return {"kl": (1.0, divergence(answers.logits, batch.logits))}


DAFL = register(
    Method(
        name="dafl",
        family="distillation",
        summary="a generator of images that are answered surely, strongly and evenly",
        cite="Chen et al., Data-Free Learning of Student Networks, ICCV 2019",
        source="generator",
        settings=COMMON
        | DISTILLED
        | GENERATED
        | ALTERNATED
        | TRAINED
        | {
            "objective": "0.05*onehot + 0.01*activation + 5*entropy",
            "warmup_steps": 0,
            "generator_lr": 0.02,
            "student_lr": 0.1,
            "weight_decay": 5e-4,
        },
        loss=loss,
    )
)
