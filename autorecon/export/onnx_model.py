"""Generators as ONNX models, by torch's own exporter."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from autorecon.export.archive import dynamic_shapes
from autorecon.export.check import Images, compare, example
from autorecon.export.errors import ExportError
from autorecon.nn import Generator

_NEEDED = ("onnx", "onnxscript")
SMALL = 1e-7
"""What the exporter's rules may take for 0, and some more."""


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
    return converted(
        net,
        example(net, batch or 2),
        input_names=["z", "y"],
        output_names=["images"],
        dynamic_shapes=dynamic_shapes(batch),
    )


def converted(module: nn.Module, example: tuple[Tensor, ...], **options: Any) -> Any:
    """What torch's exporter makes of a module, simplified, as an onnx.ModelProto."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module, example, dynamo=True, verbose=False, optimize=False, **options
        )
        assert program is not None
        import_module("onnxscript").optimizer.fold_constants(program.model)
        _keep_small(program.model.graph)
        program.optimize()
    return program.model_proto


def _keep_small(graph: Any) -> None:
    """Write what is added, where it is nearly nothing, as a list of one: torch's exporter takes a
    number of 1e-8, as of `pixel_norm`, for 0 and leaves it out, and 0 is divided by 0 then."""
    ir = import_module("onnx_ir")
    for node in graph:
        for place, value in enumerate(node.inputs if node.op_type in ("Add", "Sub") else ()):
            number = ir.convenience.get_const_tensor(value) if value is not None else None
            other = node.inputs[1 - place].shape
            if number is None or number.size != 1 or number.shape or not other:
                continue
            if 0 < abs(number.numpy().item()) <= SMALL:
                held = ir.tensor(number.numpy().reshape(1), name=f"{value.name}_{node.name}_small")
                small = ir.Value(
                    name=held.name, const_value=held, shape=held.shape,
                    type=ir.TensorType(held.dtype),
                )  # fmt: skip
                graph.register_initializer(small)
                node.replace_input_with(place, small)


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
