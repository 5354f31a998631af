"""A student that tuning made worse than calibration had left it goes back to what it was then.

Told without data: by how often it gives the teacher's class on images that it did not learn from,
of its own generator and of noise. That does not tell good students from better ones
(docs/tried.md), but one that was damaged from one that was not.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from autorecon.compress.sources import Source
from autorecon.compress.student import Student
from autorecon.objective import TeacherView

BATCHES = 4
"""Batches of the source, and as many of noise."""

Values = dict[str, Tensor]


def values_of(module: nn.Module) -> Values:
    """A copy of all parameters."""
    return {name: value.detach().clone() for name, value in module.named_parameters()}


@torch.no_grad()
def keep_better(
    student: Student, before: Values, view: TeacherView, source: Source, seed: int
) -> str:
    """Give a student its values of before, where it was better with them; says so if it does."""
    images = list(_held_out(source, seed))
    last = values_of(student.module)
    now = _agreement(student, view, images)
    _put(student.module, before)
    then = _agreement(student, view, images)
    if then > now:
        return (
            f"tuning was undone: on {sum(map(len, images))} images that it did not learn from the "
            f"student gave the teacher's class for {then:.1f} % before its first step, and for "
            f"{now:.1f} % after the last"
        )
    _put(student.module, last)
    return ""


def _held_out(source: Source, seed: int) -> list[Tensor]:
    random = torch.Generator().manual_seed(seed)
    drawn = [source.draw().images for _ in range(BATCHES)]
    return drawn + [torch.randn(x.shape, generator=random).to(x) for x in drawn]


def _agreement(student: Student, view: TeacherView, images: list[Tensor]) -> float:
    """On how many of the images both name the same class, in percent."""
    same = [student(x).argmax(1) == view.answers(x).argmax(1) for x in images]
    return 100 * float(torch.cat(same).float().mean())


def _put(module: nn.Module, values: Values) -> None:
    for name, parameter in module.named_parameters():
        parameter.copy_(values[name])
