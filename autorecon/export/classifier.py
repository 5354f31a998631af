"""Models of whoever made them, as classifiers of images: ONNX files and torch.export archives."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor, nn

from autorecon.export.errors import ExportError, reason
from autorecon.export.runtime import Runtime
from autorecon.image_size import Size, height_and_width, show_size

Shape = tuple[int, int, int]
Answers = Callable[[Tensor], Tensor]
PROBES = 2
"""Images that a model is seen to answer one by one."""


@attrs.frozen(eq=False)
class Classifier:
    """What gives logits [N, classes] of images [N, *image_shape], of any number of them or, with a
    `batch`, of so many at a time. `engine` computes it; kernels are counted as by Runtime."""

    answers: Answers
    image_shape: Shape
    classes: int
    engine: str
    batch: int | None = None
    products: int = 0
    integer: int = 0

    @property
    def module(self) -> nn.Module:
        """The same as a module, which takes any number of images."""
        return _Answering(self.answers, self.batch)


class _Answering(nn.Module):
    def __init__(self, answers: Answers, batch: int | None) -> None:
        super().__init__()
        self.answers, self.batch = answers, batch

    def forward(self, images: Tensor) -> Tensor:
        size = self.batch or len(images)
        parts = [self._padded(part, size) for part in images.split(size)]
        return torch.cat(parts)

    def _padded(self, part: Tensor, size: int) -> Tensor:
        lacking = part[-1:].expand(size - len(part), *part.shape[1:])
        return self.answers(torch.cat([part, lacking]))[: len(part)]


def of_runtime(runtime: Runtime, image_shape: Shape, classes: int) -> Classifier:
    """A model of ours."""
    counts = runtime.products, runtime.integer
    return Classifier(runtime, image_shape, classes, "onnxruntime", None, *counts)


def of_onnx(path: Path, size: Size | None, threads: int) -> Classifier:
    """The model of an ONNX file; `size` is that of its images, where it takes any.

    Raises ExportError for a file that ONNX Runtime refuses, or that is no classifier of images.
    """
    runtime = Runtime.of(path, threads)
    inputs = runtime.session.get_inputs()
    if len(inputs) != 1:
        listed = ", ".join(part.name for part in inputs) or "none"
        raise ExportError(f"{path} has {len(inputs)} inputs ({listed}), not images alone")
    if inputs[0].type != "tensor(float)":
        raise ExportError(f"{path} takes {inputs[0].type}, not images of float32 numbers")
    sides = [side if isinstance(side, int) else None for side in inputs[0].shape or []]
    batch, shape = _images(path, sides, size)
    classes = _probed(path, runtime, batch, shape)
    counts = runtime.products, runtime.integer
    return Classifier(_flat(runtime), shape, classes, "onnxruntime", batch, *counts)


def of_archive(path: Path, size: Size | None) -> Classifier:
    """The model of a `.pt2` file, which torch itself computes. torch unpickles what is in it, so it
    must be of somebody who is trusted. Raises ExportError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.export.load(path)
        module = program.module()
    # torch raises what it likes.
    except Exception as error:
        raise ExportError(f"torch cannot load {path}: {reason(error)}") from error
    taken = [n for n in program.graph.nodes if n.name in program.graph_signature.user_inputs]
    if len(taken) != 1 or not isinstance(taken[0].meta.get("val"), Tensor):
        raise ExportError(f"{path} has {len(taken)} inputs, not images alone")
    value = taken[0].meta["val"]
    if value.dtype != torch.float32:
        raise ExportError(f"{path} takes {value.dtype}, not images of float32 numbers")
    batch, shape = _images(path, [s if isinstance(s, int) else None for s in value.shape], size)
    return Classifier(_flat(module), shape, _probed(path, module, batch, shape), "torch", batch)


def _images(path: Path, sides: list[int | None], size: Size | None) -> tuple[int | None, Shape]:
    """The batch, if it is fixed, and (channels, height, width) of what a model takes."""
    if len(sides) != 4:
        raise ExportError(
            f"{path} takes values of {len(sides)} dimensions, not images [N, C, H, W]"
        )
    batch, channels, *rest = sides
    if channels is None or (rest[1] in (1, 3) and channels > 3):
        raise ExportError(f"{path} takes {_shown(sides)}: images must be [N, channels, H, W]")
    if size is None and None in rest:
        raise ExportError(f"{path} takes images of any size: say which with --size, as 224")
    given = rest if size is None else height_and_width(size)
    shape = channels, *(own or side for own, side in zip(rest, given, strict=True))
    if size is not None and shape[1:] != tuple(given):
        raise ExportError(f"{path} takes {_shown(sides)}, not images of {show_size(size)}")
    return batch, shape  # type: ignore[return-value]


def _shown(sides: list[int | None]) -> str:
    return f"[{', '.join('any' if side is None else str(side) for side in sides)}]"


def _probed(path: Path, answers: Any, batch: int | None, shape: Shape) -> int:
    """The number of classes; ExportError unless a few images have logits."""
    count = batch or PROBES
    try:
        with torch.no_grad():
            found = _flat(answers)(torch.zeros(count, *shape))
    # It is somebody else's model.
    except Exception as error:
        raise ExportError(
            f"{path} fails on {count} images of {list(shape)}: {reason(error)}"
        ) from error
    if found.dim() != 2 or len(found) != count or found.shape[1] < 2:
        raise ExportError(f"{path} gives {list(found.shape)} of {count} images, not logits")
    return found.shape[1]


def _flat(answers: Any) -> Answers:
    """Without the two sides of 1 that follow the classes where the last layer is a convolution."""

    def run(images: Tensor) -> Tensor:
        found = answers(images)
        found = found[0] if isinstance(found, list | tuple) else found
        ends_in_ones = found.dim() == 4 and found.shape[2:] == (1, 1)
        flat: Tensor = found.flatten(1) if ends_in_ones else found
        return flat

    return run


def disk_bytes(path: Path) -> int:
    """Of a model's file, with the files of weights beside it that an ONNX model names."""
    size = path.stat().st_size
    if path.suffix != ".onnx":
        return size
    onnx = import_module("onnx")
    tensors = onnx.load(path, load_external_data=False).graph.initializer
    named = {entry.value for t in tensors for entry in t.external_data if entry.key == "location"}
    return size + sum((path.parent / name).stat().st_size for name in named)
