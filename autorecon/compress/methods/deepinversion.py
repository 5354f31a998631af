"""DeepInversion: images drawn from the teacher's weights and BatchNorm statistics (Yin et al.).

Pixels are optimised under small random shifts to be of their class, smooth and small, and to have
the statistics that the teacher stored; the student sees them shifted as well. With `rounds` above 1
and `competition` in the objective it is Adaptive DeepInversion: later images are those on which the
student is wrong.
"""

from __future__ import annotations

from autorecon.compress.methods.losses import imitation
from autorecon.compress.methods.method import DISTILLED, PICTURED, TRAINED, Method, register

DEEPINVERSION = register(
    Method(
        name="deepinversion",
        family="distillation",
        summary="images optimised pixel by pixel, with priors and BatchNorm statistics",
        cite="Yin et al., Dreaming to Distill: Data-free Knowledge Transfer via DeepInversion, "
        "CVPR 2020",
        source="pictures",
        settings=DISTILLED
        | PICTURED
        | TRAINED
        | {
            "objective": "ce + 2.5e-5*tv + 3e-8*l2 + 10*bns_norm",
            "image_batches": 16,
            "image_steps": 50,
            "steps": 400,
            "rounds": 1,
            "student_lr": 0.1,
            "temperature": 3.0,
        },
        loss=imitation,
        jitter=2,
    )
)
