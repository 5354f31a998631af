"""AIT: all in the teacher: KL alone, and steps that do reach another quantized value.

Near a flat minimum the steps of a quantized student are too small to move any weight across a
rounding threshold. Gradient inundation scales the step of each quantized tensor up until a set
share of its weights does change its level; the share falls with the learning rate.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
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
        moves = [
            Move(old, weight, quantizer)
            for (weight, quantizer), old in zip(pairs, before, strict=True)
        ]
        for move, factor in zip(moves, scales(moves, share), strict=True):
            move.step.copy_(move.old + factor * move.step)


class Move:
    """A step that a quantized weight is to take."""

    def __init__(self, old: Tensor, step: Tensor, quantizer: WeightQuantizer) -> None:
        self.old, self.step, self._quantizer = old, step, quantizer
        self._levels = quantizer.encode(old).codes

    def share(self, factor: float) -> Tensor:
        """Of the weights, what changes its level, a scalar."""
        codes = self._quantizer.encode(self.old + factor * self.step).codes
        return (codes != self._levels).float().mean()


def scales(moves: Sequence[Move], share: float) -> list[float]:
    """The factors of at least 1 at which `share` of each weight changes its level.

    1 if a step as it is does that, or is nothing at all. All are looked for at once, so that a GPU
    is waited for some ten times a step, whatever the number of weights.
    """
    from autorecon.nn.transfer import fetched

    found = [1.0] * len(moves)
    there = fetched([move.step.any() for move in moves])
    searches = {i: _search(share) for i, moving in enumerate(there) if moving}
    asked = {i: next(search) for i, search in searches.items()}
    while asked:
        shares = fetched([moves[i].share(factor) for i, factor in asked.items()])
        answers, asked = dict(zip(asked, shares, strict=True)), {}
        for i, moved in answers.items():
            try:
                asked[i] = searches[i].send(moved.item())
            except StopIteration as end:
                found[i] = end.value
    return found


def _search(share: float) -> Generator[float, float, float]:
    """Asks what moves at some factors, by doubling and then by bisection, and gives the best."""
    if (yield 1.0) >= share:
        return 1.0
    for doubling in range(1, DOUBLINGS):
        high = 2.0**doubling
        if (yield high) >= share:
            break
    else:
        return 1.0
    low = high / 2
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if (yield middle) >= share else (middle, high)
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
