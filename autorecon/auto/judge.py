"""Who of a rung goes on: whose layers give most of what the teacher's give.

All students are shown the same images, which none of them has learned from: pixels that were
optimised until layers have the statistics of the teacher's BatchNorm layers (`zeroq`). What they
answer there says little of real images, least of a student that has learned to answer on invented
ones; what its layers give does (docs/auto.md has the figures). No data is used.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from autorecon.compress import CompressConfig
from autorecon.compress.engine.assembly import make_source
from autorecon.compress.packed.load import beside_teacher
from autorecon.compress.reconstruction import fidelity
from autorecon.compress.sources import Pictures
from autorecon.objective import Objective, TeacherView, lacking
from autorecon.study.cells import Cell
from autorecon.teachers import Teacher

STEPS, MOST_IMAGES, MOST_VALUES = 60, 64, 2**22
"""Of the pixels; and how many images, with so many numbers in all of them, at most."""


def judged(
    cells: Mapping[str, Cell], student_of: Callable[[Cell], Path], teacher: Teacher, images: Tensor
) -> dict[str, float]:
    """How much of what the teacher's layers give each student's layers give, in percent, by name of
    its cell's, on images [N, C, H, W].

    Raises RunError where work is gone that is to be judged.
    """
    return {
        name: fidelity(*beside_teacher(student_of(cell), teacher.module), [images])
        for name, cell in cells.items()
    }


def exam(teacher: Teacher) -> Tensor:
    """The images [N, C, H, W], the same each time: of a teacher without statistics, noise."""
    shape = teacher.image_shape
    count = max(2, min(MOST_IMAGES, MOST_VALUES // math.prod(shape)))
    random = torch.Generator().manual_seed(0)
    config = CompressConfig("zeroq", batch=count, image_steps=STEPS)
    if lacking(teacher.module, Objective.parse(config.objective).needs):
        return torch.randn(count, *shape, generator=random)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        view = TeacherView(copy.deepcopy(teacher.module))
        source = make_source(view, config, None, shape, random)
        assert isinstance(source, Pictures)
        for _ in range(STEPS):
            source.make(None)
    return torch.cat([batch.images for batch in source.batches]).detach()
