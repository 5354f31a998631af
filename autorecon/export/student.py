"""A compressed model to a file that needs no AutoReCon, run before it is there."""

from __future__ import annotations

import io
import json
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs
import torch
from torch import Tensor, nn

from autorecon.compress.packed.load import load_compressed, rebuilt
from autorecon.compress.packed.model import CompressedModel
from autorecon.export.errors import ExportError, reason
from autorecon.export.runtime import Runtime, require_runtime
from autorecon.export.student_onnx import OPSETS, onnx_float, onnx_student
from autorecon.records.packed import PackedStudent
from autorecon.runs import require_place, write_bytes

FORMATS = (".onnx", ".pt2")
NOISE = 16
"""Images of noise on which a file is compared, besides whatever others are given."""

TIE = 0.05
"""Of the largest answer: how near two classes lie of which either may be called the first."""

Place = str | os.PathLike[str]


@attrs.frozen
class ExportedStudent:
    """The file; the largest `difference` of answers, of the largest of them; how many of the
    `images` it puts into another class, all of them `ties`; of how many `products` it computes so
    many with `integer` kernels (0 of a .pt2). `bits` is "" of a distilled one, which is float."""

    path: Path
    bytes: int
    images: int
    difference: float
    ties: int
    bits: str
    products: int = 0
    integer: int = 0
    opset: int | None = None


def export_student(
    compressed: Place,
    path: Place,
    *,
    build: Callable[[], nn.Module] | None = None,
    weights_as: str = "int8",
    images: Callable[[PackedStudent], Mapping[str, Tensor]] | None = None,
    force: bool = False,
) -> ExportedStudent:
    """Write the compressed model of a run's folder or of a file as `.onnx` or `.pt2`.

    It is run and compared with the student on noise, and on what `images` has for it, [N, C, H, W]
    by the name of what they are; a file that answers otherwise is not written. ONNX has integers,
    at most 8 bits in a byte, and "int4" halves those that fit. Raises ExportError, and as
    `load_compressed`.
    """
    path = Path(path)
    _check(path, weights_as, force)
    model = load_compressed(compressed, build=build)
    random = torch.Generator().manual_seed(0)
    given = images(model.about) if images else {}
    shown = {**given, "noise": torch.randn(NOISE, *model.image_shape, generator=random)}
    if path.suffix == ".pt2":
        content = _archive(model)
        answers: Callable[[Tensor], Tensor] = torch.export.load(io.BytesIO(content)).module()
        facts = {}
    else:
        content = _onnx(model, compressed, build, weights_as)
        answers = runtime = Runtime.of(content)
        facts = {
            "products": runtime.products,
            "integer": runtime.integer,
            "opset": OPSETS[weights_as],
        }
    difference, ties = _compared(model, answers, shown, path)
    write_bytes(path, content)
    count = sum(len(part) for part in shown.values())
    return ExportedStudent(path, len(content), count, difference, ties, model.bits, **facts)


def _check(path: Path, weights_as: str, force: bool) -> None:
    if path.suffix not in FORMATS:
        raise ExportError(f"a student is written as {' or '.join(FORMATS)}, not to {path}")
    if weights_as not in OPSETS:
        raise ExportError(f"weights_as = '{weights_as}' is unknown; choose {' or '.join(OPSETS)}")
    if path.exists() and not force:
        raise ExportError(f"{path} is there already: name another file, or add --force")
    require_place(path)
    if path.suffix == ".onnx":
        require_runtime()


def _onnx(
    model: CompressedModel,
    compressed: Place,
    build: Callable[[], nn.Module] | None,
    weights_as: str,
) -> bytes:
    about, name = _metadata(model), _name(model)
    if not model.bits:
        return onnx_float(model.network, model.image_shape, about, name)
    integer = model.about.scheme == "integer"
    student = rebuilt(compressed, build)
    return onnx_student(student, model.image_shape, integer, weights_as, about, name)


def _name(model: CompressedModel) -> str:
    return model.about.teacher if model.bits else model.about.architecture


def _metadata(model: CompressedModel) -> dict[str, str]:
    """What one must know to run a file, each as JSON; what is not known is left out."""
    facts = {
        "image_shape": model.image_shape,
        "mean": model.mean,
        "std": model.std,
        "teacher": model.about.teacher,
        "bits": model.bits,
    }
    return {name: json.dumps(value) for name, value in facts.items() if value is not None}


def _archive(model: CompressedModel) -> bytes:
    buffer = io.BytesIO()
    batch = {0: torch.export.Dim("batch")}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.export.export(
                model.network,
                (torch.zeros(2, *model.image_shape),),
                dynamic_shapes=(batch,),
                strict=False,
            )
            torch.export.save(program, buffer)
    # It raises what it likes, of what a network of one's own does.
    except Exception as error:
        raise ExportError(f"torch.export cannot capture {_name(model)}: {reason(error)}") from error
    return buffer.getvalue()


@torch.no_grad()
def _compared(
    model: CompressedModel,
    answers: Callable[[Tensor], Tensor],
    images: Mapping[str, Tensor],
    path: Path,
) -> tuple[float, int]:
    """The largest difference, and the number of ties that fell otherwise; ExportError where an
    image is of another class by more than that."""
    largest, ties = 0.0, 0
    for name, part in images.items():
        expected, found = model(part), answers(part)
        size = expected.abs().max().clamp_min(1e-12)
        largest = max(largest, float((found - expected).abs().max() / size))
        first, other = expected.argmax(1, keepdim=True), found.argmax(1, keepdim=True)
        gap = (expected.gather(1, first) - expected.gather(1, other)).squeeze(1) / size
        if not bool((gap <= TIE).all()):
            raise ExportError(
                f"{path} would put {int((gap > TIE).sum())} of {len(part)} images of {name} into "
                "another class than the student does"
            )
        ties += int((first != other).sum())
    return largest, ties
