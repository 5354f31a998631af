"""Generators as ONNX models, by torch's own exporter."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from autorecon.export.archive import dynamic_shapes
from autorecon.export.check import Images, compare, example
from autorecon.export.errors import ExportError
from autorecon.nn import Generator

_NEEDED = ("onnx", "onnxscript")


def onnx_model(net: Generator, batch: int | None, name: str) -> tuple[bytes, float]:
    """The content of an `.onnx` file, and how far its images are from the generator's.

    Inputs `z` and `y`, output `images`; weights by their names in the state dict. Run by ONNX
    Runtime where it is installed, else by ONNX's reference evaluator. Raises ExportError.
    """
    missing = [package for package in _NEEDED if find_spec(package) is None]
    if missing:
        raise ExportError(f"{name} needs {' and '.join(missing)}: pip install 'autorecon[export]'")
    data = without_origins(_converted(net, batch)).SerializeToString()
    return data, compare(net, _runner(data), [batch] if batch else [1, 5], name)


def _converted(net: Generator, batch: int | None) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            net,
            example(net, batch or 2),
            dynamo=True,
            verbose=False,
            input_names=["z", "y"],
            output_names=["images"],
            dynamic_shapes=dynamic_shapes(batch),
        )
    assert program is not None
    return program.model_proto


def without_origins(model: Any) -> Any:
    """Without notes on where in our sources things come from."""
    for part in _parts(model):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    return model


def _parts(model: Any) -> Iterator[Any]:
    graph = model.graph
    yield from (model, graph)
    for held in (graph.node, graph.initializer, graph.input, graph.output, graph.value_info):
        yield from held


def _runner(data: bytes) -> Images:
    if find_spec("onnxruntime"):
        session = import_module("onnxruntime").InferenceSession(data)
    else:
        model = import_module("onnx").load_from_string(data)
        session = import_module("onnx.reference").ReferenceEvaluator(model)

    def run(z: Tensor, y: Tensor) -> Tensor:
        (images,) = session.run(None, {"z": z.numpy(), "y": y.numpy()})
        return torch.from_numpy(images)

    return run
