"""A student that tuning made worse than calibration had left it goes back to what it was then.

Told without data: by how far its answers are from the teacher's on images that it did not learn
from, of its own generator and of noise. Which class is the first tells less: it fell, on 128 such
images, with a student that had gained five points on real ones (docs/tried.md).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from autorecon.compress.methods.losses import divergence
from autorecon.compress.sources import Source
from autorecon.compress.student import Student
from autorecon.nn import processes
from autorecon.nn.transfer import fetched, sent
from autorecon.objective import TeacherView

BATCHES = 4
"""Batches of the source, and as many of noise."""

Weights = dict[str, Tensor]


def values_of(module: nn.Module) -> Weights:
    """A copy of all parameters."""
    return {name: value.detach().clone() for name, value in module.named_parameters()}


@torch.no_grad()
def keep_better(
    student: Student, before: Weights, view: TeacherView, source: Source, seed: int
) -> str:
    """Give a student its values of before, where it was better with them; says so if it does."""
    images = list(_held_out(source, seed))
    last = values_of(student.module)
    after = _apart(student, view, images)
    _put(student.module, before)
    then, now = map(float, fetched([_apart(student, view, images), after]))
    if then < now:
        return (
            f"tuning was undone: on {sum(map(len, images))} images that it did not learn from the "
            f"student's answers were {then:.2g} nats from the teacher's before its first step, and "
            f"{now:.2g} after the last"
        )
    _put(student.module, last)
    return ""


def _held_out(source: Source, seed: int) -> list[Tensor]:
    random = torch.Generator().manual_seed(seed)
    drawn = [source.draw().images for _ in range(BATCHES)]
    noise = [torch.randn(x.shape, generator=random).to(x.dtype) for x in drawn]
    return drawn + [sent(z, x.device) for z, x in zip(noise, drawn, strict=True)]


def _apart(student: Student, view: TeacherView, images: list[Tensor]) -> Tensor:
    """The mean of KL(teacher || student) over batches of one size, in nats; the same in all
    processes, each of which looks at its share."""
    parts = [divergence(student(x), view.answers(x)) for x in map(processes.part, images)]
    return processes.mean(torch.stack(parts).mean())


def _put(module: nn.Module, values: Weights) -> None:
    for name, parameter in module.named_parameters():
        parameter.copy_(values[name])
