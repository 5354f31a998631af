"""Who of a rung goes on: told by their students on images that all their generators draw.

The judge is that of a search's selection (`workflow.select`), of generators and all else alike. No
data is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from autorecon.compress.packed.load import load_compressed
from autorecon.nn import Compute
from autorecon.records.packed import read_packed
from autorecon.runs import RunError, load_state
from autorecon.study.cells import Cell
from autorecon.teachers import Teacher
from autorecon.workflow import select
from autorecon.workflow.invented import MOST_IMAGES, MOST_VALUES
from autorecon.workflow.stages import DRAWN
from autorecon.workflow.trained import network_of

DRAWS = 128
"""Images that each generator draws for the judge, at least; of many fewer are looked at."""

Drawn = list[tuple[Tensor, Tensor]]
"""Images [N, C, H, W] and the teacher's logits [N, classes], in batches."""


def judged(
    cells: Mapping[str, Cell], student_of: Callable[[Cell], Path], teacher: Teacher
) -> dict[str, float]:
    """How surely each student gives the teacher's class, in percent, by name of its cell's.

    Images that several students learned from are looked at once. Raises RunError where work is
    gone that is to be judged.
    """
    files = {name: student_of(cell) for name, cell in cells.items()}
    exam = _exam(cells, files, teacher)
    return {name: _agreement(file, exam, teacher) for name, file in files.items()}


def _exam(cells: Mapping[str, Cell], files: Mapping[str, Path], teacher: Teacher) -> Drawn:
    """As many images of each generator."""
    drawn = {cell.images or cell.id: files[name].with_suffix(DRAWN) for name, cell in cells.items()}
    there = [path for path in drawn.values() if path.exists()]
    if not there:
        raise RunError("no generator came to an end, so there are no images to judge students by")
    most = min(MOST_IMAGES, MOST_VALUES // math.prod(teacher.image_shape))
    return [part for path in there for part in _first(load_state(path), most // len(there))]


def _first(drawn: Sequence[tuple[Tensor, Tensor]], count: int) -> Drawn:
    """So many of the images, at least one."""
    images, logits = (torch.cat(parts)[: max(1, count)] for parts in zip(*drawn, strict=True))
    return [(images, logits)]


def _agreement(file: Path, exam: Drawn, teacher: Teacher) -> float:
    about, _ = read_packed(file)
    student: nn.Module = load_compressed(file, build=network_of(about, teacher.module, trust=True))
    return select.agreement(student, exam, Compute())
