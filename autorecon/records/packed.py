"""compressed/GENERATOR-seedN.safetensors: a student, and all that is needed to build it again.

A quantized one is a tensor a type, of all its values one after the other by name; a distilled one
has its state dict. What it is says one entry of the file's metadata.
"""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from autorecon.lang.wording import brief
from autorecon.records.errors import RecordError
from autorecon.records.schema import plain, structured
from autorecon.runs import RunError, read_tensors, write_tensors

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 1
KEY = "autorecon.compressed"
LONGEST = 2**22
"""Characters of the metadata; 64 a weight is usual."""
MOST_VALUES, MOST_CLASSES = 2**24, 2**17
"""Of an image and of the answers: what a file may have its reader compute."""

MOST_A_BYTE = 16
"""Parameters for each byte of a file: at two bits four, of a network that reads but a quarter."""

REMEDY = "compress again, or get the file anew"


def _within(least: int, most: int) -> Any:
    return attrs.validators.and_(attrs.validators.ge(least), attrs.validators.le(most))


def _is_image(record: Any, field: Any, shape: tuple[int, int, int]) -> None:
    if min(shape) < 1 or math.prod(shape) > MOST_VALUES:
        raise ValueError(f"{list(shape)} is no shape of an image")


def _are_of_channels(record: Any, field: Any, values: tuple[float, ...] | None) -> None:
    if values is not None and len(values) != record.image_shape[0]:
        raise ValueError(f"{field.name} has {len(values)} numbers, not one a channel")
    if values is not None and not all(map(math.isfinite, values)):
        raise ValueError(f"{field.name} has values that are infinite or not a number")


@attrs.frozen
class PackedWeight:
    """A weight that is stored as integers of so many bits."""

    name: str
    shape: tuple[int, ...]
    bits: int


@attrs.frozen(kw_only=True)
class PackedStudent:
    """What a file tells of the student in it; `bits` is "" where its weights are float.

    `architecture` says what builds the network: autorecon:NAME, torchvision:NAME, timm:NAME or
    package.module:function, "" of a module that was given in Python. `image_shape` is (channels,
    height, width), `mean` and `std` normalise images whose pixels are 0..1. `scheme` and `settings`
    are those of the quantization, `layout` is a digest of the stored names, shapes and types.
    `operations` counts those that the network calls by name, and `calls` is a digest of them with
    their settings, in order; empty in files of before.
    """

    format: int = FORMAT
    teacher: str
    architecture: str
    classes: int = attrs.field(validator=_within(1, MOST_CLASSES))
    image_shape: tuple[int, int, int] = attrs.field(validator=_is_image)
    mean: tuple[float, ...] | None = attrs.field(default=None, validator=_are_of_channels)
    std: tuple[float, ...] | None = attrs.field(default=None, validator=_are_of_channels)
    method: str
    bits: str = ""
    scheme: str = ""
    settings: dict[str, Any] = attrs.Factory(dict)
    weights: list[PackedWeight] = attrs.Factory(list)
    layout: str = ""
    operations: dict[str, int] = attrs.Factory(dict)
    calls: str = ""
    software: dict[str, str] = attrs.Factory(dict)


def write_packed(path: Path, student: PackedStudent, tensors: Mapping[str, Tensor]) -> None:
    """Write a student's tensors, atomically; RunError where that cannot be done."""
    if student.bits:
        student = attrs.evolve(student, layout=_layout(tensors))
        tensors = _joined(tensors)
    text = json.dumps(plain(student), separators=(",", ":"))
    write_tensors(path, dict(tensors), {KEY: text})


def read_packed(path: Path) -> tuple[PackedStudent, dict[str, Tensor]]:
    """What `write_packed` wrote: what the student is, and tensors that `split` gives their names.

    Raises RunError for a file that cannot be read, and RecordError for one that is something else.
    """
    try:
        metadata, tensors = read_tensors(path)
    except RunError as error:
        raise RunError(f"{error}; if it was copied, it may have been cut off: {REMEDY}") from error
    text = metadata.get(KEY)
    if text is None:
        raise RecordError(f"{path} is no compressed model that says how it is built: {REMEDY}")
    try:
        found = json.loads(text) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RecordError(f"{path} does not say what it holds: {REMEDY}")
    if found.get("format") != FORMAT:
        raise RecordError(
            f"{path} has the format {found.get('format')!r:.20}, and this version reads {FORMAT}: "
            "load it with the version that made it, or a newer one"
        )
    return structured(found, PackedStudent, str(path), REMEDY), tensors


def split(
    student: PackedStudent, tensors: Mapping[str, Tensor], like: Mapping[str, Tensor], path: Path
) -> dict[str, Tensor]:
    """The tensors of a file by their names, which with their shapes and types are those of `like`;
    RecordError where the file has others."""
    if not student.bits:
        _check_same(tensors, like, path)
        return _finite(dict(tensors), path)
    sizes = {kind: len(values) for kind, values in _joined(like).items()}
    found = {kind: values.numel() for kind, values in tensors.items()}
    for kind in sorted(sizes.keys() | found.keys()):
        one, other = found.get(kind, 0), sizes.get(kind, 0)
        if one != other:
            raise _other_network(
                path, f": it has {one:,} numbers of {kind} there, and {other:,} here"
            )
    if _layout(like) != student.layout:
        raise _other_network(path)
    parts: dict[str, Tensor] = {}
    for kind, names in _by_type(like).items():
        pieces = tensors[kind].flatten().split([like[name].numel() for name in names])
        shaped = (piece.view(like[name].shape) for name, piece in zip(names, pieces, strict=True))
        parts |= dict(zip(names, shaped, strict=True))
    if any(parts[name].dtype != like[name].dtype for name in like):
        raise _other_network(path)
    return _finite(parts, path)


def check_weights(student: PackedStudent, like: list[PackedWeight], path: Path) -> None:
    """Raise RecordError, naming the first weight that differs from those of a network."""
    own = {weight.name: weight for weight in like}
    for weight in student.weights:
        here = own.pop(weight.name, None)
        if weight != here:
            shape = None if here is None else here.shape
            raise _other_network(path, _differing(weight.name, weight.shape, shape))
    for name, weight in own.items():
        raise _other_network(path, _differing(name, None, weight.shape))


def check_classes(student: PackedStudent, answers: int, path: Path) -> None:
    """Raise RecordError unless a network gives as many answers as the file says."""
    if answers != student.classes:
        raise _other_network(path, f": it has {student.classes} classes there, and {answers} here")


def check_size(
    student: PackedStudent, tensors: Mapping[str, Tensor], parameters: int, path: Path
) -> None:
    """Raise RecordError, before a network is built, where it has far more parameters than the file
    can have numbers."""
    stored = sum(value.nbytes for value in tensors.values())
    if parameters > MOST_A_BYTE * stored:
        raise _other_network(
            path,
            f": {student.architecture:.60} has {parameters:,} parameters, and the file {stored:,} "
            "bytes",
        )


def check_calls(
    student: PackedStudent, operations: Mapping[str, int], calls: str, path: Path
) -> None:
    """Raise RecordError where a network of the same weights computes something else.

    Another version of torch than the file was made with may call other operations for the same: of
    that there is a warning.
    """
    if not student.calls or calls == student.calls:
        return
    names = sorted(operations.keys() | student.operations.keys())
    counts = {n: (student.operations.get(n, 0), operations.get(n, 0)) for n in names}
    where = ": it calls the same operations there with other settings, or in another order"
    for name, (there, here) in counts.items():
        if there != here:
            where = f": it calls {name} {there} times there, and {here} times here"
            break
    error = _other_network(path, where)
    import torch

    made, present = student.software.get("torch", ""), torch.__version__
    if made == present:
        raise error
    warnings.warn(f"{error}; or torch {present} says it otherwise than {made}", stacklevel=2)


def _differing(name: str, there: Sequence[int] | None, here: Sequence[int] | None) -> str:
    """Of one weight: its shape in the file, and in the network that was built."""
    shown = ["none" if shape is None else f"one of {list(shape)!s:.60}" for shape in (there, here)]
    return f": of {name} it has {shown[0]} there, and {shown[1]} here"


def _other_network(path: Path, where: str = "") -> RecordError:
    return RecordError(
        f"{path} holds another network than the one that was built for it{brief(where, 400)}; "
        "build the one that was compressed, as its code was then"
    )


def _check_same(found: Mapping[str, Tensor], like: Mapping[str, Tensor], path: Path) -> None:
    for name in sorted(found.keys() | like.keys()):
        one, other = found.get(name), like.get(name)
        if one is None or other is None or (one.shape, one.dtype) != (other.shape, other.dtype):
            shapes = (None if part is None else part.shape for part in (one, other))
            raise _other_network(path, _differing(name, *shapes))


def _finite(tensors: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    for name, value in tensors.items():
        if value.is_floating_point() and not value.isfinite().all():
            raise RecordError(f"{path} has values in {name} that are no numbers: {REMEDY}")
    return tensors


def _by_type(tensors: Mapping[str, Tensor]) -> dict[str, list[str]]:
    found = defaultdict(list)
    for name in sorted(tensors):
        found[str(tensors[name].dtype).removeprefix("torch.")].append(name)
    return found


def _joined(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    import torch

    return {
        kind: torch.cat([tensors[name].flatten() for name in names])
        for kind, names in _by_type(tensors).items()
    }


def _layout(tensors: Mapping[str, Tensor]) -> str:
    lines = [
        f"{name} {tensors[name].dtype} {list(tensors[name].shape)}" for name in sorted(tensors)
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]
