"""DFC: the knowledge within (Haroush et al.): BN-statistics with the inception scheme.

Pixels are optimised so that the batch has the statistics that the teacher stored, as Gaussians,
and each image is of a class drawn for it, and smooth. The quantized student is then tuned on the
teacher's answers. The weights between the three are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.compress.methods.losses import divergence
from autorecon.compress.methods.method import (
    PICTURED,
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
    """alpha T^2 KL(softmax(teacher / T) || softmax(S / T)) / classes, without labels."""
    soft = divergence(answers.logits, batch.logits, config.temperature)
    weight = config.alpha * config.temperature**2
    return {"kl": (weight, soft / answers.logits.shape[1])}


DFC = register(
    Method(
        name="dfc",
        family="quantization",
        summary="images with BatchNorm statistics and classes; the student is tuned on them",
        cite="Haroush et al., The Knowledge Within: Methods for Data-Free Model Compression, "
        "CVPR 2020",
        source="pictures",
        settings=QUANTIZED
        | PICTURED
        | TUNED
        | SOFTENED
        | {"objective": "bns_kl + ce + 0.1*smooth"},
        loss=loss,
    )
)
