"""Adversarial distillation held to the BatchNorm statistics (Choi et al.).

The generator raises KL(teacher || student), and lowers an auxiliary loss: the divergence of the
BatchNorm statistics as Gaussians, the entropy of each answer, minus that of the mean answer. In
the warm-up there is no student, which leaves the auxiliary loss. The paper has several generators
and students, and lets the weight of the auxiliary loss fall; this is one of each, at weight 1.
"""

from __future__ import annotations

from autorecon.compress.methods.losses import imitation
from autorecon.compress.methods.method import (
    ALTERNATED,
    DISTILLED,
    GENERATED,
    TRAINED,
    Method,
    register,
)

CHOI = register(
    Method(
        name="choi",
        family="distillation",
        summary="an adversarial generator, held to the BatchNorm statistics",
        cite="Choi et al., Data-Free Network Quantization With Adversarial Knowledge Distillation, "
        "CVPR Workshops 2020",
        source="generator",
        settings=DISTILLED
        | GENERATED
        | ALTERNATED
        | TRAINED
        | {
            "objective": "adversarial_kl + bns_kl + doubt + entropy",
            "student_lr": 0.1,
            "weight_decay": 5e-4,
        },
        loss=imitation,
    )
)
