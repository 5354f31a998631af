"""DAFL: the teacher as a fixed discriminator (Chen et al.).

A generator's images are to be answered surely (one-hot), to excite the last features (activation)
and to show all classes alike (information entropy). The weights are those of the released code
for CIFAR. The student learns the teacher's softmax on the images of each step.
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

DAFL = register(
    Method(
        name="dafl",
        family="distillation",
        summary="a generator of images that are answered surely, strongly and evenly",
        cite="Chen et al., Data-Free Learning of Student Networks, ICCV 2019",
        source="generator",
        settings=DISTILLED
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
        loss=imitation,
    )
)
