"""A student that tuning made worse than calibration had left it goes back to what it was then.

Told without data: by how far its answers are from the teacher's on new images of its generator.
Which class is the first tells less: it fell with a student that had gained five points on real
images. Nor does noise, where answers go apart while they come nearer on real images: by both
together eleven of 24 tunings were undone, every one of them a gain (docs/tried.md).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from autorecon.compress.methods.losses import divergence
from autorecon.compress.sources import Source
from autorecon.compress.student import Student
from autorecon.nn import processes
from autorecon.nn.transfer import fetched
from autorecon.objective import TeacherView

BATCHES = 4
"""Of the source, that are looked at."""

Weights = dict[str, Tensor]


def values_of(module: nn.Module) -> Weights:
    """A copy of all parameters."""
    return {name: value.detach().clone() for name, value in module.named_parameters()}


@torch.no_grad()
def keep_better(student: Student, before: Weights, view: TeacherView, source: Source) -> str:
    """Give a student its values of before, where it was better with them; says so if it does."""
    images = [source.draw().images for _ in range(BATCHES)]
    last = values_of(student.module)
    after = _apart(student, view, images)
    _put(student.module, before)
    then, now = map(float, fetched([_apart(student, view, images), after]))
    if then < now:
        return (
            f"tuning was undone: on {sum(map(len, images))} images the student was {then:.2g} nats "
            f"from the teacher's answers before its first step, and {now:.2g} after the last"
        )
    _put(student.module, last)
    return ""


def _apart(student: Student, view: TeacherView, images: list[Tensor]) -> Tensor:
    """The mean of KL(teacher || student) over batches of one size, in nats; the same in all
    processes, each of which looks at its share."""
    parts = [divergence(student(x), view.answers(x)) for x in map(processes.part, images)]
    return processes.mean(torch.stack(parts).mean())


def _put(module: nn.Module, values: Weights) -> None:
    for name, parameter in module.named_parameters():
        parameter.copy_(values[name])
