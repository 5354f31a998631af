"""What there is to know of a teacher before it is compressed, found without compressing it."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping

import attrs
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from autorecon.compress import METHODS, CompressConfig, CompressError, Compression
from autorecon.compress.engine.assembly import (
    check_needs,
    lacked,
    make_student,
    require_enough,
)
from autorecon.compress.engine.memory import estimates
from autorecon.compress.student import float_bytes
from autorecon.lang import SpaceError
from autorecon.nn import generator
from autorecon.objective.teacher_view import stores_statistics
from autorecon.records.coverage import Coverage
from autorecon.teachers import Teacher, TeacherError
from autorecon.workflow.config import RunConfig
from autorecon.workflow.device import check_device
from autorecon.workflow.prepare import bind, load_teacher

IMAGES = 4
"""Images that the teacher is timed with."""
LARGE = 128
"""Pixels from which images are made by a generator for ImageNet."""


@attrs.frozen
class Estimate:
    """Seconds that a method's steps take by what the teacher takes; a generator takes its own.

    `memory` are bytes beside torch's own, with `generator` where the method has one; None where
    the method would not begin.
    """

    steps: int
    batch: int
    seconds: float
    generator: str
    memory: int | None


@attrs.frozen(kw_only=True)
class Inspection:
    """A teacher, what a method would make of it at some bits, and what each of all methods would.

    `changes` tells what was done to the network to make a teacher of it, a line each. `bytes` are
    those of its weights and statistics as float32, `norms` its BatchNorm layers, of which some have
    `statistics`. `methods` tells of each why it cannot compress the teacher, "" if it can; `fault`
    is what `compress` would end with, "" if it would begin.
    """

    teacher: str
    module: str
    classes: int
    image_shape: tuple[int, ...]
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    changes: tuple[str, ...]
    parameters: int
    bytes: int
    norms: int
    statistics: int
    method: str
    bits: str
    coverage: Coverage | None
    methods: dict[str, str]
    estimate: Estimate | None
    fault: str = ""


@attrs.frozen
class _Student:
    """What a family of methods makes of a teacher, or the error that keeps it from that."""

    coverage: Coverage | None = None
    error: CompressError | None = None


def inspect(config: RunConfig) -> tuple[Inspection, CompressError | None]:
    """Look at the teacher of a compression, and give with it the error that this would end with.

    Raises TeacherError, ConfigError or CompressError where there is nothing to look at.
    """
    check_device(config)
    teacher, wanted = load_teacher(config), config.compress
    module, shape = teacher.module, teacher.image_shape
    students = {_kind(wanted): _student(module, shape, wanted)}
    methods = {name: _settings(name, wanted) for name in METHODS}
    for settings in methods.values():
        if not lacked(module, settings)[0] and _kind(settings) not in students:
            students[_kind(settings)] = _student(module, shape, settings)
    student, layers = students[_kind(wanted)], list(module.modules())
    error = _needs(module, wanted) or student.error
    found = Inspection(
        teacher=teacher.name,
        module=type(module).__name__,
        classes=teacher.classes,
        image_shape=shape,
        mean=teacher.mean,
        std=teacher.std,
        changes=teacher.changes,
        parameters=sum(p.numel() for p in module.parameters()),
        bytes=int(float_bytes(module)),
        norms=sum(isinstance(m, _BatchNorm) or stores_statistics(m) for m in layers),
        statistics=sum(map(stores_statistics, layers)),
        method=wanted.method,
        bits=str(wanted.bits),
        coverage=student.coverage,
        methods={name: _why_not(module, own, students) for name, own in methods.items()},
        estimate=_estimate(teacher, wanted, begins=error is None),
        fault=str(error or ""),
    )
    return found, error


def _needs(module: nn.Module, config: CompressConfig) -> CompressError | None:
    try:
        check_needs(module, config)
    except CompressError as error:
        return error
    return None


def _why_not(module: nn.Module, config: CompressConfig, students: Mapping[object, _Student]) -> str:
    missing, remedy = lacked(module, config)
    if missing:
        return f"needs {missing}" + (f"; {remedy}" if remedy else "")
    return str(students[_kind(config)].error or "")


def _settings(name: str, wanted: CompressConfig) -> CompressConfig:
    """Those of a method, with the bits that are wanted where it has bits."""
    if name == wanted.method:
        return wanted
    config = CompressConfig(method=name)
    if not (config.bits and wanted.bits):
        return config
    return attrs.evolve(config, bits=wanted.bits, allow_partial=wanted.allow_partial)


def _kind(config: CompressConfig) -> object:
    """What methods have in common that make the same student of a teacher."""
    return config.recipe.family, config.recipe.student


def _student(module: nn.Module, shape: tuple[int, int, int], config: CompressConfig) -> _Student:
    whole = attrs.evolve(config, allow_partial=True) if config.bits else config
    try:
        made = make_student(module, whole, None, shape)
    except CompressError as error:
        return _Student(error=error)
    try:
        require_enough(made.coverage, config)
    except CompressError as error:
        return _Student(made.coverage, error)
    return _Student(made.coverage)


def _estimate(teacher: Teacher, config: CompressConfig, begins: bool) -> Estimate | None:
    """None of a method that takes no steps.

    A step that makes images sends each through the teacher and back; one of the student looks at
    the teacher's answer, and takes about as long again as one that makes images.
    """
    if not config.ticks:
        return None
    images = torch.randn(IMAGES, *teacher.image_shape, requires_grad=True)
    forward = _seconds(lambda: teacher.module(images))
    both = _seconds(lambda: teacher.module(images).sum().backward())
    polished = config.calibration_batches * config.polish_steps
    made = config.image_ticks + polished + config.steps * config.generator_steps
    learnt = config.steps * config.student_steps
    passes = made * both + learnt * (both + forward)
    seconds = passes * config.batch / IMAGES
    small = max(teacher.image_shape[1:]) < LARGE
    name = ("gdfq-cifar" if small else "gdfq-imagenet") if _generates(config) else ""
    memory = _memory(teacher, config, name) if begins else None
    return Estimate(config.ticks, config.batch, seconds, name, memory)


def _generates(config: CompressConfig) -> bool:
    return config.recipe.source == "generator"


def _memory(teacher: Teacher, config: CompressConfig, name: str) -> int | None:
    """None where that generator does not fit the teacher."""
    try:
        space = bind(name, {}, teacher) if name else None
    except (SpaceError, TeacherError):
        return None
    stage = Compression(
        copy.deepcopy(teacher.module),
        config,
        generator(space, seed=0) if space else None,
        image_shape=teacher.image_shape,
    )
    return estimates(stage)(config.batch, 1).total


def _seconds(work: Callable[[], object]) -> float:
    """Of the second time, since the first has preparations of its own."""
    work()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
