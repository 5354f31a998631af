"""Images to measure students on where there is no data: new ones, which no student learned from.

They are drawn as the students' own are, by generators of the same architectures and objective from
seeds of their own, all of them for all students alike; where a method has no generator, pixels are
optimised. They say how far a student is from the teacher there, and nothing of photographs.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from autorecon.compress import CompressConfig
from autorecon.compress.engine.assembly import make_source
from autorecon.compress.sources import Inverted, Pictures, Source
from autorecon.graph import Space
from autorecon.lang.wording import plural
from autorecon.nn import Compute, generator
from autorecon.objective import DivergedError, Objective, ObjectiveError, TeacherView, lacking
from autorecon.records.results import Data
from autorecon.runs import (
    DamagedError,
    Lines,
    Progress,
    RunFolder,
    as_saved,
    load_state,
    read_stages,
    save_state,
)
from autorecon.teachers import Teacher
from autorecon.workflow.config import TRIAL_SEEDS, RunConfig
from autorecon.workflow.exam import Exam
from autorecon.workflow.precision import computing
from autorecon.workflow.prepare import Prepared

NAME, KEPT = "invented images", "invented.safetensors"
SEED = 2 * TRIAL_SEEDS
SHARE = 0.1
"""Of all steps of the run, so many at most go into these images."""
FEWEST = 20
"""Steps where a method takes none."""
MOST_IMAGES, MOST_VALUES = 512, 2**24
"""So many at most, and no more values in all of them together (64 MB)."""
EVERYWHERE = ("onehot + entropy + 10*bns", "onehot + entropy")
"""Objectives that need no label and no student; the first that the teacher has all for is taken."""


def invented(
    folder: RunFolder, prepared: Prepared, spaces: Sequence[Space], progress: Progress
) -> Exam | None:
    """The images, made once and kept in the run's folder; None where making them diverges.

    `spaces` are the generators of the run.
    """
    path = folder.path / KEPT
    seconds = 0.0
    if not _is_whole(path, prepared.teacher.image_shape, progress):
        start = time.perf_counter()
        try:
            save_state(path, _make(prepared, spaces, progress))
        except DivergedError as error:
            progress.say(f"nothing is measured: the images to measure on diverged: {error}")
            return None
        seconds = round(time.perf_counter() - start, 3)
    _log(folder, seconds)
    return kept_exam(path, prepared.teacher, prepared.config.compress.batch or 64)


def kept_exam(path: Path, teacher: Teacher, batch: int = 64) -> Exam:
    """That of the images which a run has kept."""
    images, about = kept_images(path, teacher.image_shape)
    batches = [(part, None) for part in images.split(batch)]
    data = Data(NAME, len(images), [], about, invented=True)
    return Exam(teacher.module, lambda: batches, data)


def kept_images(path: Path, shape: tuple[int, int, int]) -> tuple[Tensor, str]:
    """The images of that shape which a run has kept, [N, C, H, W], and what there is to say of
    them. Raises RunError, DamagedError for what is none."""
    kept = load_state(path)
    with as_saved(path):
        images, about = kept["images"], str(kept["about"])
        if images.shape[1:] != shape or not len(images) or not images.isfinite().all():
            raise ValueError(f"no images of {list(shape)}")
        return images.float(), about


def _is_whole(path: Path, shape: tuple[int, int, int], progress: Progress) -> bool:
    """Whether they were made before, and are what was made."""
    if not path.exists():
        return False
    try:
        kept_images(path, shape)
    except DamagedError as error:
        progress.say(f"{error}; the images are made again")
        return False
    return True


def _log(folder: RunFolder, seconds: float) -> None:
    """Once: checkpoints know how long the file was."""
    if not any(row.get("stage") == NAME for row in read_stages(folder.metrics_path, damaged=[])):
        Lines(folder.metrics_path).append({"stage": NAME, "seconds": seconds})


def _make(
    prepared: Prepared, spaces: Sequence[Space], progress: Progress
) -> dict[str, Tensor | str]:
    """`images` [N, C, H, W], normalised, and what there is to say `about` them."""
    teacher, compute = prepared.teacher.module, computing(prepared.config, "compress")
    steps = _steps(prepared.config, len(spaces))
    config = _config(prepared, steps)
    count = min(MOST_IMAGES, MOST_VALUES // math.prod(prepared.teacher.image_shape))
    images = []
    total = steps * max(1, len(spaces))
    with torch.random.fork_rng(devices=[]), progress.task(NAME, total) as tick:
        torch.manual_seed(SEED)
        for number, space in enumerate(spaces or [None]):
            net = generator(space, seed=SEED + number) if space else None
            random = torch.Generator().manual_seed(SEED + number)
            # All is made on the CPU, so that a seed means the same everywhere, and then moved.
            Compute().place(teacher)
            view = TeacherView(teacher, compute)
            source = make_source(view, config, net, prepared.teacher.image_shape, random)
            compute.place(teacher)
            for _ in range(steps):
                source.make(None)
                tick()
            images.append(_drawn(source, math.ceil(count / max(1, len(spaces)))))
    return {"images": torch.cat(images), "about": _about(spaces, config.objective, steps)}


def _drawn(source: Source, count: int) -> Tensor:
    """So many images of a generator; those that were kept where a source keeps them."""
    if isinstance(source, (Pictures, Inverted)):
        return torch.cat([batch.images for batch in source.batches])[:count].cpu()
    images = list[Tensor]()
    while sum(map(len, images)) < count:
        images.append(source.draw().images.float().cpu())
    return torch.cat(images)[:count]


def _steps(config: RunConfig, generators: int) -> int:
    """Of each generator, or of the pixels where there is none."""
    compress, search = config.compress, config.search
    total = compress.ticks * len(config.seeds) * max(1, generators)
    if config.command == "run":
        total += search.ticks_before(search.epochs)
    if not total:
        return FEWEST
    return max(1, min(compress.ticks, int(SHARE * total) // max(1, generators)))


def _config(prepared: Prepared, steps: int) -> CompressConfig:
    """The run's own, for images alone."""
    own, teacher = prepared.config.compress, prepared.teacher
    plain = next(
        text for text in EVERYWHERE if not lacking(teacher.module, Objective.parse(text).needs)
    )
    if own.recipe.inversion:
        each = min(own.image_steps, steps)
        batches: dict[str, Any] = {"image_batches": steps // each, "image_steps": each}
        return attrs.evolve(own, objective=_or(own.objective, plain), rounds=1, epochs=1, **batches)
    if own.recipe.source == "generator":
        alone = own.warmup_objective or own.objective
        return attrs.evolve(own, objective=_or(alone, plain), warmup_objective="")
    pixels: dict[str, Any] = {"image_batches": 1, "image_steps": steps, "rounds": 1, "epochs": 1}
    if own.recipe.source == "pictures":
        return attrs.evolve(own, **pixels)
    batch = max(16, min(64, MOST_VALUES // 4 // math.prod(teacher.image_shape)))
    return CompressConfig("zeroq", objective=plain, batch=batch, **pixels)


def _or(objective: str, plain: str) -> str:
    """The objective if images can be learned by it without a student."""
    try:
        Objective.parse(objective)
    except ObjectiveError:
        return plain
    return objective


def _about(spaces: Sequence[Space], objective: str, steps: int) -> str:
    took = f"{plural(steps, 'step')} on '{objective}'"
    if not spaces:
        return f"not photographs: pixels optimised for {took}; no student learned from them"
    names = " and ".join(dict.fromkeys(space.name for space in spaces))
    return (
        f"not photographs: drawn by {names}, trained anew from a seed of its own for {took}; no "
        "student learned from them"
    )
