"""From a compressed model's file to a module that answers as the student did."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, fx, nn

from autorecon.compress.config import CompressConfig
from autorecon.compress.engine.assembly import make_student
from autorecon.compress.errors import CompressError, require_known
from autorecon.compress.packed.model import CompressedModel
from autorecon.compress.packed.save import SETTINGS, packed_calls, packed_weights
from autorecon.compress.quantization.quantize import QuantizedModel
from autorecon.compress.quantization.stored import (
    keep_decoded,
    keep_packed,
    put_stored,
    stored_tensors,
)
from autorecon.compress.student import QuantizedStudent
from autorecon.lang.wording import brief
from autorecon.records.errors import RecordError
from autorecon.records.packed import (
    REMEDY,
    PackedStudent,
    check_calls,
    check_classes,
    check_size,
    check_weights,
    read_packed,
    split,
)
from autorecon.records.results import read_results
from autorecon.runs import RunError, RunFolder
from autorecon.teachers import build as build_known
from autorecon.teachers import is_known, made_ready, parameters_of

Build = Callable[[], nn.Module]
Place = str | os.PathLike[str]
MEMORY = {"dequantized": keep_decoded, "packed": keep_packed}


def load_compressed(
    path: Place, build: Build | None = None, memory: str = "dequantized"
) -> CompressedModel:
    """The compressed model of a run's folder or of a file, on the CPU.

    Networks that are shipped, and those of torchvision and timm, are built by their names; for one
    of your own give `build`, the function that makes it, whatever its weights: nothing that a file
    names is imported. With `memory` "packed" weights are decoded at every call, and take the bytes
    that they have in the file; else once. Raises RunError, RecordError, TeacherError or
    CompressError for what cannot be loaded.
    """
    require_known("memory", memory, MEMORY)
    file = student_file(Path(path))
    about, tensors = read_packed(file)
    if not about.bits:
        module = _network(about, tensors, build, file)
        module.load_state_dict(split(about, tensors, module.state_dict(), file))
        return _tried(CompressedModel(module, about), file)
    model = _filled(_made(about, tensors, build, file), about, tensors, file)
    MEMORY[memory](model.module)
    return _tried(CompressedModel(model.module, about), file)


def rebuilt(path: Place, build: Build | None = None) -> QuantizedModel:
    """The student of a run's folder or of a file, its quantizers in their places.

    Its weights are what they are quantized to, and `encode` of their quantizers gives the stored
    integers. Raises as `load_compressed`, and CompressError for a model that was distilled.
    """
    file, about, tensors = _read_quantized(path)
    return _filled(_made(about, tensors, build, file), about, tensors, file)


def beside_teacher(path: Place, teacher: nn.Module) -> tuple[fx.GraphModule, fx.GraphModule]:
    """The graph of such a student, and the same graph as it was made of the teacher, with its
    weights; neither has a parameter of `teacher` itself. Raises as `rebuilt`."""
    file, about, tensors = _read_quantized(path)
    made = _made(about, tensors, lambda: copy.deepcopy(teacher), file)
    taught = copy.deepcopy(made.module)
    return _filled(made, about, tensors, file).module, taught


def _read_quantized(path: Place) -> tuple[Path, PackedStudent, Mapping[str, Tensor]]:
    file = student_file(Path(path))
    about, tensors = read_packed(file)
    if not about.bits:
        raise CompressError(f"{file} was distilled: its weights are float, and none are quantized")
    return file, about, tensors


def student_file(path: Path) -> Path:
    """The file itself; of a run's folder the student of its last generator and first seed."""
    if not path.is_dir():
        return path
    folder = RunFolder.open(path)
    results = read_results(folder.results_path)
    if results is None and folder.config.get("command") == "search":
        raise RunError(
            f"{path} is a search, which leaves a generator and no compressed model: give "
            f"{folder.genotype_path} to `autorecon compress`"
        )
    if results is None:
        raise RunError(f"{path} has no compressed model yet: finish the run with --resume {path}")
    files = {file.stem: file for file in folder.compressed_path.glob("*.safetensors")}
    last = [summary.generator for summary in results.summary][-1:]
    for row in results.rows:
        if row.generator in last and row.stem in files:
            return files[row.stem]
    raise RunError(f"{path} has no compressed model: its files are gone, or every seed diverged")


def _tried(model: CompressedModel, file: Path) -> CompressedModel:
    """The same once it has given numbers; RecordError where the file's values, as indices that lead
    nowhere, or scales that are far too large, let it give none."""
    images = torch.randn(2, *model.image_shape, generator=torch.Generator().manual_seed(0))
    try:
        with torch.no_grad():
            whole = bool(model(images).isfinite().all())
    except (IndexError, RuntimeError) as error:
        raise RecordError(
            f"{file} has values with which nothing is computed ({error}): {REMEDY}"
        ) from error
    if not whole:
        raise RecordError(f"{file} has values by which answers are no numbers: {REMEDY}")
    return model


def _made(
    about: PackedStudent, tensors: Mapping[str, Tensor], build: Build | None, file: Path
) -> QuantizedModel:
    """With the weights of the network that is built."""
    try:
        config = CompressConfig(method=about.method, allow_partial=True, **_settings(about))
    except (TypeError, ValueError) as error:
        why = brief(" ".join(str(error).split()), 300)
        raise RecordError(f"{file} has settings that there are not ({why}): {REMEDY}") from error
    network = _network(about, tensors, build, file)
    student = make_student(network, config, None, about.image_shape)
    if not isinstance(student, QuantizedStudent):
        raise RecordError(f"{file} has bits, and {about.method} makes students that have none")
    return student.model


def _filled(
    model: QuantizedModel, about: PackedStudent, tensors: Mapping[str, Tensor], file: Path
) -> QuantizedModel:
    check_weights(about, packed_weights(model), file)
    check_classes(about, model.answers, file)
    check_calls(about, **packed_calls(model), path=file)
    put_stored(model.module, split(about, tensors, stored_tensors(model.module), file))
    model.freeze()
    return model


def _settings(about: PackedStudent) -> Mapping[str, Any]:
    """By which a network becomes a student; TypeError where they are none of these."""
    for name, value in about.settings.items():
        if name not in SETTINGS or type(value) is not (int if name == "first_last" else str):
            raise TypeError(f"{name} = {value!r}"[:60])
    return about.settings


def _network(
    about: PackedStudent, tensors: Mapping[str, Tensor], build: Build | None, file: Path
) -> nn.Module:
    """What is filled with the file's weights; CompressError where nobody says how to build it."""
    asked = about.classes, about.image_shape
    if build is not None:
        module = build()
        if not isinstance(module, nn.Module):
            raise CompressError(f"build() gave a {type(module).__name__}, not a torch.nn.Module")
        return made_ready(module, about.image_shape)
    if is_known(about.architecture):
        check_size(about, tensors, parameters_of(about.architecture, *asked), file)
        return build_known(about.architecture, *asked)
    named = about.architecture.replace(":", ".")
    own = f"build={named}, the function of your own that makes it" if named else "build=FUNCTION"
    network = about.teacher if about.bits else about.architecture
    raise CompressError(
        f"{file} does not hold the code of its network, {network}, and nothing that a file "
        f"names is imported: give load_compressed(..., {own}), or a command "
        f"--build {about.architecture or 'MODULE:FUNCTION'}"
    )
