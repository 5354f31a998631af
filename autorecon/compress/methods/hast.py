"""HAST: hard samples matter (Li et al.): images that the teacher finds hard, made harder still.

Images count for as much as the teacher is unsure of them, so that they are not of those alone that
every student has right. Each is learnt from twice: as it is, and a small step further to where the
student is wrong. Features of teacher and student are aligned, block by block. The paper optimises
pixels; here a generator makes the images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.compress.methods import gdfq
from autorecon.compress.methods.losses import divergence
from autorecon.compress.methods.method import Losses, Method, register

if TYPE_CHECKING:
    from autorecon.compress.batch import Answers, Batch
    from autorecon.compress.settings import Settings


def loss(answers: Answers, batch: Batch, config: Settings) -> Losses:
    """alpha T^2 KL(softmax(teacher / T) || softmax(S / T)), without labels."""
    soft = divergence(answers.logits, batch.logits, config.temperature)
    return {"kl": (config.alpha * config.temperature**2, soft)}


SETTINGS = gdfq.SETTINGS | {
    "objective": "10*hard + bns",
    "alpha": 20.0,
    "alignment": 1000.0,
    "perturbation": 0.01,
    "student_lr": 5e-5,
}
"""The paper's weights, which are not divided by the number of classes as GDFQ's are; hence the
rate."""

HAST = register(
    Method(
        name="hast",
        family="quantization",
        summary="hard images, made harder, and aligned features",
        cite="Li et al., Hard Sample Matters a Lot in Zero-Shot Quantization, CVPR 2023",
        source="generator",
        settings=SETTINGS,
        loss=loss,
        labelled=True,
    )
)
