"""Whole jobs over a run folder: search, compress, and both beside the human-designed generator."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from autorecon import __version__
from autorecon.graph import Space
from autorecon.runs import Progress, RunError, RunFolder
from autorecon.workflow import stages
from autorecon.workflow.config import RunConfig, read_config, write_config
from autorecon.workflow.prepare import Prepared, prepare
from autorecon.workflow.results import write_results
from autorecon.workflow.spaces import store_space

if TYPE_CHECKING:
    from torch import Tensor

HUMAN, DISCOVERED = "human-designed", "discovered"


def start(path: Path, config: RunConfig) -> tuple[RunFolder, Prepared]:
    """Check everything, then make the folder with its config.toml and spaces."""
    config = attrs.evolve(config, software=_software())
    prepared = prepare(config)
    folder = RunFolder.create(path, write_config(_bound(config, prepared.space)))
    store_space(folder, prepared.space, "space")
    if prepared.baseline:
        store_space(folder, prepared.baseline, "baseline")
    return folder, prepared


def _bound(config: RunConfig, space: Space) -> RunConfig:
    """With every parameter of a search space, those that are the teacher's too."""
    if space.is_genotype:
        return config
    return attrs.evolve(config, space=attrs.evolve(config.space, set=dict(space.parameters)))


def resume(path: Path, command: str) -> tuple[RunFolder, Prepared]:
    """Open a run to go on with it, with its own settings and its own copies of the spaces."""
    folder = RunFolder.open(path)
    config = read_config(folder.config)
    if config.command != command:
        raise RunError(f"{path} was made by `autorecon {config.command}`: resume it with that")
    baseline = folder.path / "baseline.space" if config.space.baseline else None
    for needed in (folder.space_path, baseline):
        if needed and not needed.exists():
            raise RunError(f"{path} was interrupted before it began: remove it and start again")
    space = attrs.evolve(
        config.space, file=str(folder.space_path), baseline=str(baseline) if baseline else ""
    )
    return folder, prepare(attrs.evolve(config, space=space))


def run(folder: RunFolder, prepared: Prepared, progress: Progress) -> dict[str, Any]:
    """Search, derive, and compress with both generators at the same budget and seeds."""
    stages.set_threads(prepared.config.threads)
    with folder.lock():
        found = stages.search(folder, prepared, progress)
        generators: dict[str, tuple[str, Space]] = {}
        if prepared.baseline:
            generators[HUMAN] = ("baseline.space", prepared.baseline)
        generators[DISCOVERED] = ("genotype.space", found)
        inherited = {}
        if prepared.config.inherit:
            inherited[DISCOVERED] = stages.supernet_weights(folder, progress)
        return _compress_all(folder, prepared, generators, progress, inherited)


def search(folder: RunFolder, prepared: Prepared, progress: Progress) -> Space:
    """Search alone."""
    stages.set_threads(prepared.config.threads)
    with folder.lock():
        return stages.search(folder, prepared, progress)


def compress(folder: RunFolder, prepared: Prepared, progress: Progress) -> dict[str, Any]:
    """Compress with the one generator that the space is."""
    stages.set_threads(prepared.config.threads)
    with folder.lock():
        generators = {"generator": ("space.space", prepared.space)}
        return _compress_all(folder, prepared, generators, progress, {})


def _compress_all(
    folder: RunFolder,
    prepared: Prepared,
    generators: Mapping[str, tuple[str, Space]],
    progress: Progress,
    inherited: Mapping[str, Mapping[str, Tensor]],
) -> dict[str, Any]:
    results = [
        stages.compress(folder, prepared, label, space, seed, progress, inherited.get(label))
        for seed in prepared.config.seeds
        for label, (_, space) in generators.items()
    ]
    return write_results(folder, prepared, generators, results)


def _software() -> dict[str, str]:
    import torch

    found = {"python": platform.python_version(), "torch": torch.__version__}
    return found | {"autorecon": __version__, "platform": platform.platform()}
