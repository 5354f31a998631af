"""What a run leaves for use elsewhere: its generator, the weights that were trained, and what its
student is built of."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from torch import Tensor, nn

from autorecon import teachers
from autorecon.graph import Space, load
from autorecon.lang import load_ops
from autorecon.records.packed import PackedStudent
from autorecon.runs import Progress, RunError, RunFolder, load_weights
from autorecon.teachers import Teacher
from autorecon.teachers.loading import build_own
from autorecon.workflow.config import read_config
from autorecon.workflow.invented import KEPT, kept_images
from autorecon.workflow.prepare import bind, load_data, load_teacher
from autorecon.workflow.stages import supernet_weights
from autorecon.workflow.trust import code_of, require_trust

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


def test_images(path: Path, about: PackedStudent) -> dict[str, Tensor]:
    """Some of the images that a run measured its students on, normalised, by what they are; no
    teacher is loaded. Raises DataError where they are gone."""
    folder = RunFolder.open(path)
    if (invented := folder.path / KEPT).exists():
        return {"invented images": kept_images(invented, about.image_shape)[0][:SHOWN]}
    dataset = load_data(read_config(folder.config), _teacher_of(about))
    if dataset is None:
        return {}
    images, _ = next(iter(dataset.in_order(dataset.test, SHOWN)))
    return {dataset.name: images}


def _teacher_of(about: PackedStudent) -> Teacher:
    """All that its student knows of a teacher: not what it answers."""
    shipped = about.teacher in teachers.names()
    data = teachers.describe(about.teacher)["data"] if shipped else None
    images = about.image_shape, data, about.mean, about.std
    return Teacher(about.teacher, nn.Identity(), about.classes, *images)


def network_of(
    about: PackedStudent, teacher: nn.Module | None, trust: bool = False, given: str = ""
) -> Callable[[], nn.Module] | None:
    """What makes the network that a compressed model fills; None where its name says that, or
    nobody does: a copy of the teacher it was made of, if that is at hand, or what its file names,
    where that is Python that is trusted, or the one that was `given` elsewhere."""
    if teacher is not None and about.bits and not teachers.is_known(about.architecture):
        return lambda: copy.deepcopy(teacher)
    own = ":" in about.architecture and not teachers.is_known(about.architecture)
    trusted = trust or about.architecture == given
    return partial(build_own, about.architecture) if trusted and own else None
