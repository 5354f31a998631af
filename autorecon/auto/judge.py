"""Who of a rung goes on: whose layers give most of what the teacher's give.

All students are shown the same images, as many of each generator of the rung. Their answers alone
say little of real images, and nothing of a student that has learned to answer on invented ones;
what its layers give does (docs/auto.md has the figures). No data is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from autorecon.compress.packed.load import beside_teacher
from autorecon.compress.reconstruction import fidelity
from autorecon.runs import as_saved, load_state
from autorecon.study.cells import Cell
from autorecon.teachers import Teacher
from autorecon.workflow.stages import DRAWN

DRAWS = 128
"""Images that each generator draws for the judge, at least; of many fewer are looked at."""

MOST_IMAGES, MOST_VALUES, BATCH = 256, 2**23, 64
"""Images that students are shown, at most, and numbers in them; and how many at once."""


def judged(
    cells: Mapping[str, Cell], student_of: Callable[[Cell], Path], teacher: Teacher
) -> dict[str, float]:
    """How much of what the teacher's layers give each student's layers give, in percent, by name of
    its cell's.

    Images that several students learned from are looked at once. Where no generator came to an end
    there is noise. Raises RunError where work is gone that is to be judged.
    """
    files = {name: student_of(cell) for name, cell in cells.items()}
    exam = _exam(cells, files, teacher)
    return {
        name: fidelity(*beside_teacher(file, teacher.module), exam) for name, file in files.items()
    }


def _exam(
    cells: Mapping[str, Cell], files: Mapping[str, Path], teacher: Teacher
) -> Sequence[Tensor]:
    """As many images of each generator, mixed, in batches."""
    random = torch.Generator().manual_seed(0)
    drawn = {cell.images or cell.id: files[name].with_suffix(DRAWN) for name, cell in cells.items()}
    there = [path for path in drawn.values() if path.exists()]
    most = min(MOST_IMAGES, MOST_VALUES // math.prod(teacher.image_shape))
    if not there:
        return torch.randn(most, *teacher.image_shape, generator=random).split(BATCH)
    count = max(1, most // len(there))
    images = torch.cat([_first(path, count, teacher.image_shape) for path in there])
    return images[torch.randperm(len(images), generator=random)].split(BATCH)


def _first(path: Path, count: int, shape: tuple[int, int, int]) -> Tensor:
    """So many of a file's images, beside which the teacher's logits are. Raises DamagedError where
    they are none of that shape."""
    drawn = load_state(path)
    with as_saved(path):
        found = torch.cat([images for images, _ in drawn])[:count]
        if found.shape[1:] != shape or not found.is_floating_point():
            raise ValueError(f"no images of {list(shape)}")
    return found
