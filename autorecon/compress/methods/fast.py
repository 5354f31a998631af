"""Fast-DFKD: a generator that learns where looking for a batch should begin (Fang et al.).

Each batch has latent codes of its own, and in a few steps a copy of the generator and the codes are
brought to what the teacher knows. The generator's gradient is the sum of those of its copy's steps
(first-order MAML), so that what batches have in common is learnt once. Batches go into a bank, from
which the student learns.

The paper takes 220 epochs of a batch of 256 and 400 of the student's steps each, without the
student in the first 20; here the first of the rounds is without. Left out are its running means of
a batch's statistics, the reset of its generator's first layer after 120 epochs, and, unless the
objective has `adversarial_agreed`, its search for what the student does not know: that takes half
as long again. The generator's rate is that of the released code for ten steps a batch, and that of
the codes ten times as much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.compress.methods.losses import imitation
from autorecon.compress.methods.method import INVERTED, Codes, Inversion, Method, register

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from autorecon.objective import Request


def codes(request: Request, latent: int, teacher: nn.Module, random: torch.Generator) -> Codes:
    """A code an image, N(0, 1)."""
    import torch

    return {"codes": torch.randn(len(request.labels), latent, generator=random)}


def noise(codes: Codes, request: Request, teacher: nn.Module) -> Tensor:
    """The codes themselves."""
    return codes["codes"]


FAST = register(
    Method(
        name="fast",
        family="distillation",
        summary="a generator that learns where to begin, and a bank of what few steps make of it",
        cite="Fang et al., Up to 100x Faster Data-free Knowledge Distillation, AAAI 2022",
        source="generator",
        settings=INVERTED | {"generator_lr": 2e-3, "code_lr": 0.1},
        loss=imitation,
        inversion=Inversion(codes, noise, meta=True),
        fresh=True,
    )
)
