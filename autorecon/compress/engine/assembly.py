"""From a method's settings to its parts, checked against each other before anything starts."""

from __future__ import annotations

from typing import Any, cast

import attrs
import torch
from torch import nn

from autorecon.compress.config import CompressConfig
from autorecon.compress.engine.activation_maps import last_convolution
from autorecon.compress.equalization import hold_statistics
from autorecon.compress.errors import CompressError, PartialError
from autorecon.compress.quantization.capture import capture
from autorecon.compress.quantization.quantize import quantize
from autorecon.compress.quantization.ranges import RANGES
from autorecon.compress.sources import Generated, Inverted, Noise, Nothing, Pictures, Source
from autorecon.compress.student import (
    DistilledStudent,
    QuantizedStudent,
    Student,
    check_answers,
)
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.nn import Generator
from autorecon.nn.mixing import embeddings
from autorecon.objective import NEEDS, Objective, ObjectiveError, TeacherView, lacking
from autorecon.records.coverage import Coverage
from autorecon.teachers import build_student

Shape = tuple[int, int, int]

ENOUGH = 0.95
"""Share of the multiply-accumulates under which a quantized student is not what was asked for."""


def check_method(teacher: nn.Module, config: CompressConfig, image_shape: Shape) -> Coverage | None:
    """How much of a teacher would be quantized; None where a method does not quantize.

    Raises CompressError, TraceError or TeacherError where it cannot be compressed so: it must have
    what the method needs, and a student must come of it that answers.
    """
    check_needs(teacher, config)
    coverage = make_student(teacher, config, None, image_shape).coverage
    if config.cam:
        last_convolution(capture(teacher, image_shape))
    return coverage


def check_needs(teacher: nn.Module, config: CompressConfig) -> None:
    """Raise CompressError, saying what, where the teacher has not what the method needs."""
    missing, remedy = lacked(teacher, config)
    if not missing:
        return
    objective = f" with the objective '{config.objective}'" if config.objective else ""
    raise CompressError(
        f"the method {config.method}{objective} needs {missing}, and the teacher "
        f"({type(teacher).__name__}) has none; "
        f"{remedy or '`autorecon methods` tells what each needs'}"
    )


def lacked(teacher: nn.Module, config: CompressConfig) -> tuple[str, str]:
    """What a method needs of a teacher in vain, and settings that do without, if any."""
    missing = " and ".join(NEEDS[need] for need in lacking(teacher, config.needs))
    return missing, _remedy(teacher, config) if missing else ""


def _remedy(teacher: nn.Module, config: CompressConfig) -> str:
    """No polish, and the objective without terms that the teacher lacks something for, where that
    is all that keeps the method from it; else ""."""
    changes: dict[str, Any] = {"polish_steps": 0} if config.polish_steps else {}
    terms = Objective.parse(config.objective, has_student=True).terms if config.objective else ()
    kept = tuple((weight, term) for weight, term in terms if not lacking(teacher, term.needs))
    if 0 < len(kept) < len(terms):
        changes = {"objective": str(Objective(kept)), **changes}
    try:
        needs = attrs.evolve(config, **changes).needs
    except ObjectiveError:
        return ""
    told = " ".join(f"--with 'compress.{name}={value}'" for name, value in changes.items())
    verb = "does" if len(changes) == 1 else "do"
    return "" if lacking(teacher, needs) else f"{told} {verb} without"


def check_classes(
    teacher: nn.Module, generator: nn.Module | None, image_shape: Shape | None
) -> None:
    """Raise CompressError where a teacher, asked about images of a known shape, tells no two
    classes apart: nothing could then be learned of it."""
    shape = image_shape or getattr(generator, "image_shape", None)
    if shape and classes_of(teacher.eval(), shape) < 2:
        raise CompressError(
            "the teacher gives one number an image, which tells no classes apart: let it give two "
            "logits, 0 and its own, as `autorecon.teachers.load` has it"
        )


def make_source(
    view: TeacherView,
    config: CompressConfig,
    generator: nn.Module | None,
    image_shape: Shape | None,
    random: torch.Generator,
    parts: int = 1,
) -> Source:
    """The source of a method's images; raises CompressError for a generator too few or many, or one
    that cannot know what it is asked for."""
    method = config.recipe
    if (generator is not None) != (method.source == "generator"):
        has = "needs a generator" if generator is None else "has no use for a generator"
        raise CompressError(f"the method {method.name} {has}")
    if generator is None:
        if method.source == "none":
            return Nothing()
        shape = shape_of(generator, image_shape)
        if method.source == "noise":
            return Noise(view, config.batch, shape, random)
        return Pictures(view, config, shape, classes_of(view.teacher, shape), random, parts)
    _check_knows(generator, config)
    if method.ask and not method.inversion and not embeddings(generator):
        raise CompressError(
            f"the method {method.name} needs a generator with embeddings of classes: it mixes them"
        )
    if method.dress:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            method.dress(generator, view.teacher)
    if method.inversion:
        classes = classes_of(view.teacher, shape_of(generator, image_shape))
        return Inverted(generator, view, config, classes, random, parts)
    return Generated(generator, view, config, random, parts)


def _check_knows(generator: nn.Module, config: CompressConfig) -> None:
    """Raise CompressError where images of a class are asked for and the label leads nowhere; a
    module that is not made of a space is taken at its word."""
    if not config.asks_classes or not isinstance(generator, Generator):
        return
    try:
        generator.space.requiring("label")
    except ArchitectureError as error:
        raise CompressError(
            f"{config.asks_classes} asks for images of a class, and {error}"
        ) from None


def make_student(
    teacher: nn.Module,
    config: CompressConfig,
    generator: nn.Module | None,
    image_shape: Shape | None,
) -> Student:
    """The student of a method, fresh from the settings' seed."""
    method, shape = config.recipe, shape_of(generator, image_shape)
    if method.student:
        student = method.student(teacher, shape, config)
        return _covered(student, config)
    if method.family == "quantization":
        model = quantize(
            teacher, shape, config.widths, config.ranges, config.rounding, config.scheme
        )
        if config.scheme == "integer" and RANGES[config.ranges].by_statistics:
            hold_statistics(model.module)
        return _covered(QuantizedStudent(model, config.statistics, config.reconstruct), config)
    classes = classes_of(teacher, shape)
    module = build_student(config.student, classes, shape[0], config.seed)
    check_answers(module, torch.zeros(2, *shape), classes, config.student)
    return DistilledStudent(module.requires_grad_(True))


def _covered(student: Student, config: CompressConfig) -> Student:
    """The student itself; raises PartialError where little of its work is at its bits."""
    require_enough(student.coverage, config)
    return student


def require_enough(found: Coverage | None, config: CompressConfig) -> None:
    """Raise PartialError where less of a student is quantized than settings allow."""
    if found is None or found.share_of_macs >= ENOUGH or config.allow_partial:
        return
    left = ", ".join(part.text for part in found.left if part.macs)
    raise PartialError(
        f"only {found.share_of_macs:.1%} of the multiply-accumulates would be at {config.bits}; "
        f"the largest of the others are {left}; `autorecon inspect` tells all, and "
        "--allow-partial goes on"
    )


def shape_of(generator: nn.Module | None, image_shape: Shape | None) -> Shape:
    """(C, H, W) of the images: as given, or as the generator tells it."""
    if image_shape is None and generator is None:
        raise CompressError("without a generator, the shape of the images must be given")
    return image_shape or cast(Shape, generator.image_shape)  # type: ignore[union-attr]


@torch.no_grad()
def classes_of(teacher: nn.Module, shape: Shape) -> int:
    """How many classes a teacher tells apart, by one look at nothing."""
    return int(teacher(torch.zeros(1, *shape)).shape[1])
