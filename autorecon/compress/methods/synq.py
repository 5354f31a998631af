"""SynQ: synthesis-aware fine-tuning (Kim, Kim and Kang), which is aware of what images lack.

Whatever made them, images have more noise than real ones, so that it is filtered out; the student
may be right for other reasons than its teacher, so that it is to look at the same places; and the
teacher may be wrong, so that labels count where it is sure of them. All else is HAST's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.compress.methods import hast
from autorecon.compress.methods.losses import hard_of
from autorecon.compress.methods.method import Losses, Method, register

if TYPE_CHECKING:
    from autorecon.compress.batch import Answers, Batch
    from autorecon.compress.settings import Settings

LABELS = 0.5
"""Weight of the cross-entropy, lambda_CE."""


def loss(answers: Answers, batch: Batch, config: Settings) -> Losses:
    """alpha T^2 KL(softmax(teacher / T) || softmax(S / T)) + lambda_CE CE(S, y), the second of
    images for which 1 - p_y < 0.5."""
    labels = hard_of(config.labels, answers.logits, batch)
    return hast.loss(answers, batch, config) | {"ce": (LABELS, labels)}


SYNQ = register(
    Method(
        name="synq",
        family="quantization",
        summary="HAST on images without noise, with class activation maps aligned",
        cite="Kim, Kim and Kang, SynQ: Accurate Zero-shot Quantization by Synthesis-aware "
        "Fine-tuning, ICLR 2025",
        source="generator",
        settings=hast.SETTINGS | {"labels": "sure", "low_pass": 0.36, "cam": 50.0},
        loss=loss,
        labelled=True,
    )
)
