"""A student to its file."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from autorecon.compress.config import CompressConfig
from autorecon.compress.quantization.quantize import QuantizedModel
from autorecon.compress.quantization.stored import stored_tensors
from autorecon.compress.student import QuantizedStudent, Student
from autorecon.records.packed import PackedStudent, PackedWeight, write_packed
from autorecon.runs import save_weights
from autorecon.teachers import Teacher, architecture_of

SETTINGS = ("bits", "scheme", "first_last", "bits_of", "ranges", "rounding")
"""Those of a compression by which a network becomes a student, before it learns."""

Statistics = tuple[tuple[float, ...], tuple[float, ...]]


def save_student(
    path: Path,
    student: Student,
    teacher: Teacher,
    config: CompressConfig,
    *,
    statistics: Statistics | None = None,
    software: Mapping[str, str],
) -> None:
    """Write a student that has ended its training, with what builds it again.

    `statistics` are mean and deviation that images are normalised with, a number a channel; those
    of the teacher, if it has any, where none are given. Raises RunError if it cannot be written.
    """
    mean, std = statistics or (teacher.mean, teacher.std)
    quantized = student.model if isinstance(student, QuantizedStudent) else None
    own = config.student if ":" in config.student else f"autorecon:{config.student}"
    about = PackedStudent(
        teacher=teacher.name,
        architecture=architecture_of(teacher.name) if quantized else own,
        classes=teacher.classes,
        image_shape=teacher.image_shape,
        mean=mean,
        std=std,
        method=config.method,
        bits=str(config.bits) if quantized else "",
        scheme=config.scheme,
        settings=_settings(config) if quantized else {},
        weights=packed_weights(quantized) if quantized else [],
        **(packed_calls(quantized) if quantized else {}),
        software=dict(software),
    )
    write_packed(path, about, stored_tensors(quantized.module) if quantized else _state(student))


def save_float(path: Path, student: Student) -> None:
    """Write the weights that were trained, as they are before they are rounded."""
    save_weights(path, _state(student))


def packed_weights(model: QuantizedModel) -> list[PackedWeight]:
    """The quantized weights of a student, as its file lists them."""
    return [
        PackedWeight(name, tuple(weight.shape), quantizer.bits)
        for name, (weight, quantizer) in model.weights().items()
    ]


def packed_calls(model: QuantizedModel) -> dict[str, Any]:
    """`operations` and `calls` of a student's file."""
    calls = list(model.operations())
    text = "\n".join(map(" ".join, calls))
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    return {"operations": dict(Counter(name for name, _ in calls)), "calls": digest}


def _settings(config: CompressConfig) -> dict[str, str | int]:
    own = {name: getattr(config, name) for name in SETTINGS if name in config.recipe.settings}
    return own | {"bits": str(config.bits)}


def _state(student: Student) -> dict[str, Tensor]:
    state = student.module.state_dict()
    return {name: value.detach().cpu().contiguous() for name, value in state.items()}
