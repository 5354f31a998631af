"""KegNet: a generator of what the teacher was trained on, then distillation on its images.

The generator's images are to be of the class asked for, to let a decoder find the noise that they
were made of, and to differ as their noise does. It is trained to the end before the student
starts. The paper averages over five generators; this is one.
"""

from __future__ import annotations

from autorecon.compress.methods.losses import imitation
from autorecon.compress.methods.method import DISTILLED, GENERATED, Method, register

KEGNET = register(
    Method(
        name="kegnet",
        family="distillation",
        summary="a conditional generator with a decoder, trained before the student",
        cite="Yoo et al., Knowledge Extraction with No Observable Data, NeurIPS 2019",
        source="generator",
        settings=DISTILLED
        | GENERATED
        | {
            "objective": "ce + decode + spread",
            "steps": 250,
            "student_steps": 1,
            "student_lr": 1e-3,
            "weight_decay": 0.0,
        },
        loss=imitation,
        optimiser="adam",
        fresh=True,
    )
)
