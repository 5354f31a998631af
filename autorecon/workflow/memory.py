"""A run within the memory that there is: what fits is chosen before it begins, and recorded."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import torch

from autorecon.compress import Compression
from autorecon.compress.engine.memory import estimates
from autorecon.nn import generator, supernet
from autorecon.nn.kept import mib
from autorecon.runs import Progress
from autorecon.runs.launched import Launched
from autorecon.search import memory as search_memory
from autorecon.workflow.config import ConfigError, RunConfig, bytes_of
from autorecon.workflow.precision import computing, like_a_generator

if TYPE_CHECKING:
    from autorecon.workflow.prepare import Prepared

FREE = "free"
SHARE = 0.75
"""Of the memory that is free, which a run takes where it is not told how much."""
EXAM = 32 * 2**20
"""Bytes of the images of a trial by which generators are compared: they are all kept."""
LEAST = 2  # images of a batch, for its statistics


@attrs.frozen
class _Budget:
    bytes: int
    text: str


def fitted(prepared: Prepared, progress: Progress) -> Prepared:
    """The same run with batches and parts of them that fit into memory, said in a line each.

    Raises ConfigError where nothing does.
    """
    wanted = prepared.config.memory.limit or FREE
    if prepared.config.memory.fits == wanted:
        return prepared
    budget = _budget(prepared.config, prepared.launched)
    if prepared.config.command != "compress":
        prepared = _fit_search(prepared, budget, progress)
    if prepared.config.compresses and prepared.config.compress.recipe.makes_images:
        prepared = _fit_compression(prepared, budget, progress)
    memory = attrs.evolve(prepared.config.memory, fits=wanted)
    return _with(_fit_exam(prepared, progress), memory=memory)


def share_of(limit: str, jobs: int) -> str:
    """What each of several processes may take, as a setting; ConfigError for no size."""
    whole = bytes_of(limit) if limit else int(SHARE * _free("cpu"))
    return f"{whole // jobs // 2**20}M"


def _budget(config: RunConfig, launched: Launched | None) -> _Budget:
    """What is left of --memory, or a share of what is free, beside what is held already; for each
    of the processes here."""
    here = launched.local_size if launched and config.device == "cpu" else 1
    each = f", by {here} processes" if here > 1 else ""
    free = _free(config.device)
    if not config.memory.limit:
        text = f"{SHARE:.0%} of the {mib(free)} that are free here{each}"
        return _Budget(int(SHARE * free) // here, text)
    limit = bytes_of(config.memory.limit)
    held = here * _held() if config.device == "cpu" else 0
    text = f"--memory {config.memory.limit}, of which {mib(held)} are used{each}"
    return _Budget((limit - held) // here, text)


def _free(device: str) -> int:
    if device != "cpu":
        return torch.cuda.mem_get_info(device)[0]
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    if (available := _meminfo("MemAvailable")) is not None:
        found.append(available)
    found += _group()
    return max(0, min(found))


def _meminfo(name: str) -> int | None:
    """In bytes; None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    sizes = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return 1024 * int(sizes[0]) if sizes else None


def _group() -> list[int]:
    """What the control group of a container leaves, where there is a limit."""
    root = Path("/sys/fs/cgroup")
    try:
        limit = (root / "memory.max").read_text().strip()
        used = int((root / "memory.current").read_text())
    except (OSError, ValueError):
        return []
    return [int(limit) - used] if limit.isdigit() else []


def _held() -> int:
    """What this process has in memory already: torch itself, the teacher, data."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _fit_search(prepared: Prepared, budget: _Budget, progress: Progress) -> Prepared:
    config = prepared.config.search
    net = supernet(prepared.space, seed=config.seed)
    compute = computing(prepared.config, "search")
    size = _processes(prepared)
    of_share = search_memory.estimates(net, prepared.teacher.module, config, compute)

    def at(batch: int) -> search_memory.Memory:
        return of_share(batch // size)

    batch = _largest(config.batch, lambda count: at(count).total <= budget.bytes, size)
    if batch is None:
        raise _too_much("the search", at(max(LEAST, size)).text, budget, size)
    progress.say(f"the search {at(batch).text}")
    if batch == config.batch:
        return prepared
    progress.say(f"search.batch = {batch}, not {config.batch}, fits into {budget.text}")
    return _with(prepared, search=attrs.evolve(config, batch=batch))


def _fit_compression(prepared: Prepared, budget: _Budget, progress: Progress) -> Prepared:
    """Smaller parts first, which change no gradient; a smaller batch where they do not do."""
    config = prepared.config.compress
    size = _processes(prepared)
    at = estimates(_stage(prepared), size)

    def parts_of(batch: int) -> int | None:
        halves = (2**power for power in range((batch // size).bit_length()))
        return next((n for n in halves if at(batch, n).total <= budget.bytes), None)

    batch = _largest(config.batch, lambda count: parts_of(count) is not None, size)
    if batch is None:
        raise _too_much("the compression", at(max(LEAST, size), LEAST).text, budget, size)
    parts = parts_of(batch) or 1
    progress.say(f"the compression {at(batch, parts).text}")
    if parts > 1:
        progress.say(
            f"memory.parts = {parts}: teacher and student see a batch in so many parts, which "
            f"changes no gradient, to fit into {budget.text}"
        )
    if batch < config.batch:
        progress.say(
            f"compress.batch = {batch}, not {config.batch}, fits into {budget.text}; statistics of "
            "fewer images are another objective: give more --memory for that of the whole batch"
        )
    memory = attrs.evolve(prepared.config.memory, parts=parts)
    return _with(prepared, memory=memory, compress=attrs.evolve(config, batch=batch))


def _stage(prepared: Prepared) -> Compression:
    config, space = prepared.config.compress, like_a_generator(prepared)
    return Compression(
        copy.deepcopy(prepared.teacher.module),
        config,
        generator(space, seed=0) if space else None,
        image_shape=prepared.teacher.image_shape,
        compute=computing(prepared.config, "compress"),
    )


def _fit_exam(prepared: Prepared, progress: Progress) -> Prepared:
    """Fewer images to compare trials by, where they are large."""
    select, shape = prepared.config.select, prepared.teacher.image_shape
    most = max(LEAST, EXAM // (4 * torch.Size(shape).numel()))
    if not prepared.config.selects or select.images <= most:
        return prepared
    progress.say(f"select.images = {most}, not {select.images}: all of them are kept")
    return _with(prepared, select=attrs.evolve(select, images=most))


def _processes(prepared: Prepared) -> int:
    """How many there are that have a share of each batch."""
    return prepared.launched.size if prepared.launched else 1


def _largest(batch: int, fits: Callable[[int], bool], size: int) -> int | None:
    """Of the batch and its halves, which `size` processes share alike; None where not even the
    least fit."""
    while not fits(batch):
        if batch <= max(LEAST, size):
            return None
        batch = max(LEAST, size, batch // 2 // size * size)
    return batch


def _too_much(what: str, text: str, budget: _Budget, size: int) -> ConfigError:
    return ConfigError(
        f"{what} {text} even with a batch of {max(LEAST, size)}, and there is {budget.text}: give "
        "more by --memory, or choose a smaller generator or space"
    )


def _with(prepared: Prepared, **sections: Any) -> Prepared:
    return attrs.evolve(prepared, config=attrs.evolve(prepared.config, **sections))
