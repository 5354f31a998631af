"""What a run computes in, and on which device; `auto` is what takes the least time here."""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs
import torch

from autorecon.compress import CompressConfig, Compression
from autorecon.graph import Space
from autorecon.nn import Compute, generator, supernet
from autorecon.runs import Progress, Stage
from autorecon.search import Search
from autorecon.workflow.config import AUTO, PRECISIONS, RunConfig
from autorecon.workflow.device import has_bf16

if TYPE_CHECKING:
    from autorecon.workflow.prepare import Prepared

ROUNDS = 3  # that count, after one that warms up
GAIN = 1.05  # below which a difference may be chance, and what is simpler stays

Make = Callable[["Prepared", Compute], Stage]


def computing(config: RunConfig, stage: str) -> Compute:
    """How a stage, "search" or "compress", is computed."""
    return _compute(getattr(config.precision, stage), config.device)


def _compute(precision: str, device: str) -> Compute:
    return Compute(precision.startswith("bf16"), precision.endswith("channels-last"), device)


def decide(prepared: Prepared, progress: Progress) -> Prepared:
    """The same run with every `auto` replaced by what a trial of a few steps finds the fastest.

    The trial does the stage's own work, each precision in turn. A stage that the run has not, or
    that computes nothing, stays in float32.
    """
    wanted, trial = prepared.config.precision, dict[str, dict[str, float]]()
    chosen = {"search": wanted.search, "compress": wanted.compress}
    for stage, name in chosen.items():
        if name != AUTO:
            continue
        chosen[stage] = "fp32"
        if _computes(prepared.config, stage):
            trial[stage] = _measure(stage, prepared, progress)
            chosen[stage] = fastest(trial[stage])
            shown = ", ".join(f"{n} {s * 1e3:,.0f} ms" for n, s in trial[stage].items())
            progress.say(f"{stage} in {chosen[stage]}: a step takes {shown}")
    precision = attrs.evolve(wanted, **chosen, trial=trial)
    return attrs.evolve(prepared, config=attrs.evolve(prepared.config, precision=precision))


def _computes(config: RunConfig, stage: str) -> bool:
    if stage == "search":
        return config.command != "compress"
    return config.compresses and config.compress.recipe.makes_images


def fastest(seconds: Mapping[str, float]) -> str:
    """The first, unless a later one, which is less plain, takes notably less time."""
    chosen, *others = seconds
    for name in others:
        if seconds[name] * GAIN < seconds[chosen]:
            chosen = name
    return chosen


def _measure(stage: str, prepared: Prepared, progress: Progress) -> dict[str, float]:
    """Median seconds of an epoch, by precision."""
    device = prepared.config.device
    names = [n for n in PRECISIONS if n.startswith("fp32") or has_bf16(device)]
    stages = {name: _MAKE[stage](prepared, _compute(name, device)) for name in names}
    seconds: dict[str, list[float]] = {name: [] for name in names}
    with progress.task(f"precision/{stage}", (1 + ROUNDS) * len(names)) as tick:
        for epoch in range(1 + ROUNDS):
            for name, work in stages.items():
                seconds[name].append(_timed(work, epoch, device))
                tick()
    return {name: round(statistics.median(found[1:]), 5) for name, found in seconds.items()}


def _timed(work: Stage, epoch: int, device: str) -> float:
    """On a CPU of its own time, which others that use the machine disturb less."""
    if device == "cpu":
        start = time.process_time()
        work.run_epoch(epoch, lambda: None)
        return time.process_time() - start
    start = time.perf_counter()
    work.run_epoch(epoch, lambda: None)
    torch.cuda.synchronize(device)
    return time.perf_counter() - start


def pace(stage: str, prepared: Prepared) -> float:
    """Seconds that a step of "search" or "compress" takes now, of all threads that torch has."""
    work = _MAKE[stage](prepared, computing(prepared.config, stage))
    work.run_epoch(0, lambda: None)  # which has preparations of its own
    start = time.perf_counter()
    work.run_epoch(1, lambda: None)
    return time.perf_counter() - start


def _search(prepared: Prepared, compute: Compute) -> Search:
    """One whose epochs are a weight step and an architecture step."""
    config = attrs.evolve(
        prepared.config.search,
        epochs=1 + ROUNDS,
        warmup_epochs=0,
        weight_steps=1,
        architecture_steps=1,
    )
    net, teacher = supernet(prepared.space, seed=config.seed), prepared.teacher.module
    return Search(net, copy.deepcopy(teacher), config, compute=compute)


def _compression(prepared: Prepared, compute: Compute) -> Compression:
    """One whose epochs are a step each: of generator and student, or of pictures."""
    config, teacher, space = prepared.config.compress, prepared.teacher, like_a_generator(prepared)
    return Compression(
        copy.deepcopy(teacher.module),
        attrs.evolve(config, **_short(config, 1 + ROUNDS), rounds=1),
        generator(space, seed=0) if space else None,
        image_shape=teacher.image_shape,
        compute=compute,
        parts=prepared.config.memory.parts,
    )


def _short(config: CompressConfig, count: int) -> dict[str, Any]:
    """Settings of `count` steps alike, one an epoch; of pictures another may follow."""
    learns = int("steps" in config.recipe.settings)
    if config.recipe.keeps_images:
        found = {"image_batches": 1, "image_steps": count, "steps": learns}
    else:
        found = {"warmup_steps": (1 - learns) * count, "steps": learns * count}
    return found | {"epochs": sum(found.values()) - found.get("image_batches", 0)}


def like_a_generator(prepared: Prepared) -> Space | None:
    """What to compress with, or while that is not known yet something like it."""
    space = prepared.generator
    if space is None or space.is_genotype:
        return space
    return prepared.baseline or supernet(space, seed=0).genotype()


_MAKE: dict[str, Make] = {"search": _search, "compress": _compression}
