"""PLF: pseudo-label filtering (Fan et al.): labels by how sure the teacher is of an image.

The entropy of its answer says so, against a threshold that sinks while the student learns. An image
that it is sure of has its first class for a label, every other its first two, by their shares. The
paper compares features as they are; here `alignment` does, by the strengths of channels. It divides
each cross-entropy by the number of its images, which would not add up over parts of a batch; here
both are divided by the batch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from autorecon.compress.methods import gdfq
from autorecon.compress.methods.losses import divergence
from autorecon.compress.methods.method import Losses, Method, register

if TYPE_CHECKING:
    from torch import Tensor

    from autorecon.compress.batch import Answers, Batch
    from autorecon.compress.settings import Settings

UPPER, LOWER = 0.5, 0.2
"""The threshold (Eq. 5) at the first step and after the last, of shares of the most entropy."""
AUXILIARY = 0.3
"""Weight of images that the teacher is not sure of, beta (Eq. 11)."""


def loss(answers: Answers, batch: Batch, config: Settings) -> Losses:
    """KL(teacher || S) + CE of major labels + beta CE of auxiliary ones (Eq. 11 to 15)."""
    sure = self_entropy(batch.logits) <= UPPER - answers.done * (UPPER - LOWER)
    major, auxiliary = label_losses(answers.logits, batch.logits)
    return {
        "kl": (1.0, divergence(answers.logits, batch.logits)),
        "major": (1.0, (major * sure).mean()),
        "auxiliary": (AUXILIARY, (auxiliary * ~sure).mean()),
    }


def self_entropy(logits: Tensor) -> Tensor:
    """Of each answer [N], as a share of the greatest (Eq. 3)."""
    shares = logits.log_softmax(1)
    return -(shares.exp() * shares).sum(1) / math.log(logits.shape[1])


def label_losses(logits: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropies [N] of a student's logits with the teacher's first class (Eq. 7), and with
    its first two by their shares (Eq. 9 and 10)."""
    first = teacher.softmax(1).topk(2, dim=1)
    weights = first.values / first.values.sum(1, keepdim=True)
    lost = -logits.log_softmax(1).gather(1, first.indices)
    return lost[:, 0], (weights * lost).sum(1)


PLF = register(
    Method(
        name="plf",
        family="quantization",
        summary="labels by the entropy of the teacher's answers",
        cite="Fan et al., Data-Free Quantization via Pseudo-label Filtering, CVPR 2024",
        source="generator",
        settings={k: v for k, v in gdfq.SETTINGS.items() if k not in ("temperature", "alpha")}
        | {"objective": "10*ce + bns", "alignment": 100.0, "student_lr": 1e-3},
        loss=loss,
    )
)
