"""AIT: all in the teacher: KL alone, and steps that do reach another quantized value.

Near a flat minimum the steps of a quantized student are too small to move any weight across a
rounding threshold. Gradient inundation scales the step of each quantized tensor up until a set
share of its weights does change its level; the share falls with the learning rate.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from autorecon.compress.methods import dfc, gdfq
from autorecon.compress.methods.method import Method, register

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from autorecon.compress.quantization.layers import WeightQuantizer
    from autorecon.compress.settings import Settings
    from autorecon.compress.student import Student

DOUBLINGS = 30
BISECTIONS = 5


def update(
    student: Student, optimiser: torch.optim.Optimizer, config: Settings, done: float
) -> None:
    """One step of the optimiser, scaled up tensor by tensor; there is no weight decay."""
    import torch

    from autorecon.compress.student import QuantizedStudent

    assert isinstance(student, QuantizedStudent)
    pairs = list(student.model.weights().values())
    before = [weight.detach().clone() for weight, _ in pairs]
    share = config.inundation * (1 + math.cos(math.pi * done)) / 2
    with torch.no_grad():
        # From 0, a step is exact that would be rounded away beside the weight that it is made for.
        for weight, _ in pairs:
            weight.zero_()
        optimiser.step()
        for (weight, quantizer), old in zip(pairs, before, strict=True):
            weight.copy_(old + scale(old, weight, quantizer, share) * weight)


def scale(old: Tensor, step: Tensor, quantizer: WeightQuantizer, share: float) -> float:
    """The factor of at least 1 at which `share` of the weights changes its level.

    1 if the step as it is does that, or is nothing at all. Found by doubling, then by bisection.
    """
    levels = quantizer.encode(old).codes

    def moved(factor: float) -> float:
        changed = quantizer.encode(old + factor * step).codes != levels
        return float(changed.float().mean())

    if moved(1.0) >= share or not step.any():
        return 1.0
    factors = (2.0**i for i in range(1, DOUBLINGS))
    high = next((factor for factor in factors if moved(factor) >= share), None)
    if high is None:
        return 1.0
    low = high / 2
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if moved(middle) >= share else (middle, high)
    return high


SETTINGS = {k: v for k, v in gdfq.SETTINGS.items() if k != "weight_decay"} | {"inundation": 1e-3}

AIT = register(
    Method(
        name="ait",
        family="quantization",
        summary="GDFQ on the teacher's answers alone, with steps that move quantized weights",
        cite="Choi et al., It's All In the Teacher: Zero-Shot Quantization Brought Closer to the "
        "Teacher, CVPR 2022",
        source="generator",
        settings=SETTINGS,
        loss=dfc.loss,
        update=update,
    )
)
