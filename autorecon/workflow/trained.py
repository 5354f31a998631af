"""What a run leaves for use elsewhere: its generator, and the weights that were trained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from autorecon.graph import Space, load
from autorecon.lang import load_ops
from autorecon.runs import Progress, RunError, RunFolder, load_state, load_weights
from autorecon.workflow.config import read_config
from autorecon.workflow.invented import KEPT
from autorecon.workflow.prepare import bind, load_data, load_teacher
from autorecon.workflow.stages import supernet_weights
from autorecon.workflow.trust import code_of, networks_of, require_trust

SHOWN = 64
"""Images of a data set that a file is compared on."""


def run_space(path: Path, trust: bool = True) -> Space:
    """The generator of a run: what it discovered, or what it compressed with.

    Raises RunError, and ConfigError, without `trust`, where that names Python to be imported.
    """
    folder = RunFolder.open(path)
    config = read_config(folder.config)
    # A genotype needs nothing of the teacher.
    code = code_of(config) if config.command == "compress" else config.space.ops
    require_trust(code, path, trust)
    load_ops(*config.space.ops)
    folder.check_whole()
    if config.command == "compress":
        return bind(str(folder.space_path), config.space.set, load_teacher(config))
    if not folder.genotype_path.exists():
        raise RunError(
            f"the search in {path} is not finished: go on with it by --resume, or see "
            "`autorecon derive` for what it has found so far"
        )
    return load(folder.genotype_path)


def run_weights(path: Path) -> Mapping[str, Tensor]:
    """Of the trained generator, or after a search alone of its super net. Raises RunError."""
    folder = RunFolder.open(path)
    if folder.generator_path.exists():
        return load_weights(folder.generator_path)
    if read_config(folder.config).command == "search":
        return supernet_weights(folder, Progress())
    raise RunError(f"{path} has no trained generator: finish the run, or give --weights or --seed")


def test_images(path: Path, trust: bool) -> dict[str, Tensor]:
    """Some of the images that a run measured its students on, normalised, by what they are; raises
    as `run_space`."""
    folder = RunFolder.open(path)
    if (invented := folder.path / KEPT).exists():
        return {"invented images": load_state(invented)["images"][:SHOWN]}
    config = read_config(folder.config)
    require_trust(networks_of(config), path, trust)
    teacher = load_teacher(config)
    dataset = load_data(config, teacher)
    if dataset is None:
        return {}
    images, _ = next(iter(dataset.in_order(dataset.test, SHOWN)))
    return {dataset.name: images}
