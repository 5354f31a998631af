"""Who of a rung goes on: told by their students on images that all their generators draw.

The judge is that of a search's selection (`workflow.select`), of generators and all else alike. No
data is used.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from autorecon.compress.packed.load import load_compressed
from autorecon.nn import Compute
from autorecon.runs import as_saved, load_state
from autorecon.study.cells import Cell
from autorecon.teachers import Teacher
from autorecon.workflow import select
from autorecon.workflow.invented import MOST_IMAGES, MOST_VALUES
from autorecon.workflow.stages import DRAWN

DRAWS = 128
"""Images that each generator draws for the judge, at least; of many fewer are looked at."""

Drawn = list[tuple[Tensor, Tensor]]
"""Images [N, C, H, W] and the teacher's logits [N, classes], in batches."""


def judged(
    cells: Mapping[str, Cell], student_of: Callable[[Cell], Path], teacher: Teacher
) -> dict[str, float]:
    """How surely each student gives the teacher's class, in percent, by name of its cell's.

    Images that several students learned from are looked at once. Where no generator came to an end
    nothing is told apart. Raises RunError where work is gone that is to be judged.
    """
    files = {name: student_of(cell) for name, cell in cells.items()}
    exam = _exam(cells, files, teacher)
    if not exam:
        return dict.fromkeys(cells, 0.0)
    # Filled by each in turn, so that what it computes is captured once.
    network = copy.deepcopy(teacher.module)
    return {
        name: select.agreement(load_compressed(file, build=lambda: network), exam, Compute())
        for name, file in files.items()
    }


def _exam(cells: Mapping[str, Cell], files: Mapping[str, Path], teacher: Teacher) -> Drawn:
    """As many images of each generator."""
    drawn = {cell.images or cell.id: files[name].with_suffix(DRAWN) for name, cell in cells.items()}
    there = [path for path in drawn.values() if path.exists()]
    most = min(MOST_IMAGES, MOST_VALUES // math.prod(teacher.image_shape))
    wanted = teacher.image_shape, teacher.classes
    return [part for path in there for part in _first(path, most // len(there), *wanted)]


def _first(path: Path, count: int, shape: tuple[int, int, int], classes: int) -> Drawn:
    """So many of a file's images, at least one. Raises DamagedError where they are none."""
    drawn = load_state(path)
    with as_saved(path):
        images, logits = (torch.cat(parts)[: max(1, count)] for parts in zip(*drawn, strict=True))
        if images.shape[1:] != shape or logits.shape != (len(images), classes):
            raise ValueError(f"no images of {list(shape)} with what they are taken for")
    return [(images, logits)]
