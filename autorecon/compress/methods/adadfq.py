"""AdaDFQ: the generator sees the student, and keeps their disagreement within a margin.

Images are to be of their class by what the teacher adds to the student (disagreement) and by both
together (agreement), while the entropy of the difference of their answers stays between two
bounds. The student levels the difference out. Until there is a student, the generator is trained
as GDFQ's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.compress.methods import gdfq
from autorecon.compress.methods.method import SOFTENED, Losses, Method, register

if TYPE_CHECKING:
    from autorecon.compress.batch import Answers, Batch
    from autorecon.compress.settings import Settings


def loss(answers: Answers, batch: Batch, config: Settings) -> Losses:
    """-alpha T^2 H(softmax((teacher - S) / T)), greatest where the models agree."""
    apart = ((batch.logits - answers.logits) / config.temperature).log_softmax(1)
    entropy = -(apart.exp() * apart).sum(1).mean()
    return {"entropy": (-config.alpha * config.temperature**2, entropy)}


ADADFQ = register(
    Method(
        name="adadfq",
        family="quantization",
        summary="a generator that adapts its images to the student",
        cite="Qian et al., Adaptive Data-Free Quantization, CVPR 2023",
        source="generator",
        settings=gdfq.SETTINGS
        | SOFTENED
        | {
            "objective": "margin + 0.2*disagreement + 0.1*agreement + bns",
            "warmup_objective": gdfq.SETTINGS["objective"],
        },
        loss=loss,
    )
)
