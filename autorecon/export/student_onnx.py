"""Students as ONNX models of integers: Quantize, Clip and Dequantize around float operations, which
runtimes put together to integer ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import torch
from torch import nn

from autorecon.compress.quantization.quantize import QuantizedModel
from autorecon.export.errors import ExportError, reason
from autorecon.export.grids import BYTE, with_codes
from autorecon.export.onnx_model import converted, without_origins

OPSETS = {"int8": 20, "int4": 21}
"""Of operations, by the type that weights have in the file; the latter is the first with 4 bits."""

NIBBLE = 15


def onnx_student(
    model: QuantizedModel,
    image_shape: tuple[int, int, int],
    integer: bool,
    weights_as: str = "int8",
    about: Mapping[str, str] | None = None,
    name: str = "the student",
) -> bytes:
    """The content of an `.onnx` file of a student with frozen ranges.

    Input `images` [N, *image_shape], normalised as the teacher's are; output `logits` [N, classes].
    Codes are bytes; as "int4" those of at most 4 bits take half of one, and are computed with as
    float. `about` is written into the model's metadata. `name` says what it is in an
    ExportError, raised for an operation that ONNX has not.
    """
    small = weights_as == "int4"
    stored = with_codes(model.module, integer and not small)
    proto = _converted(stored, image_shape, OPSETS[weights_as], name)
    if small:
        _halve(proto)
    _tell(proto, about)
    return bytes(proto.SerializeToString())


def onnx_float(
    module: nn.Module,
    image_shape: tuple[int, int, int],
    about: Mapping[str, str] | None = None,
    name: str = "the network",
) -> bytes:
    """The same of a network that is not quantized."""
    proto = _converted(module, image_shape, OPSETS["int8"], name)
    _tell(proto, about)
    return bytes(proto.SerializeToString())


def _tell(model: Any, about: Mapping[str, str] | None) -> None:
    for key, value in (about or {}).items():
        model.metadata_props.add(key=key, value=value)


def _converted(module: nn.Module, image_shape: tuple[int, int, int], opset: int, name: str) -> Any:
    try:
        model = converted(
            module,
            (torch.zeros(2, *image_shape),),
            opset_version=opset,
            input_names=["images"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            custom_translation_table=_translations(opset),
        )
    # Torch's exporter raises what it likes.
    except Exception as error:
        raise ExportError(f"torch cannot write {name} as ONNX: {_reason(error)}") from error
    return without_origins(model)


def _reason(error: BaseException) -> str:
    """What the first of the errors says, in a line: those above it tell of the exporter."""
    while error.__cause__:
        error = error.__cause__
    said = reason(error)
    lacking = re.match(r"No ONNX function found for <OpOverload\(op='([\w.]+)'", said)
    return f"ONNX has no {lacking[1]}; a .pt2 has all that torch has" if lacking else said


def _translations(opset: int) -> dict[Any, Any]:
    onnx = import_module("onnx")
    op = getattr(import_module("onnxscript"), f"opset{opset}")

    def on_grid(x: Any, scale: Any, zero: Any, top: int) -> Any:
        codes = op.QuantizeLinear(x, scale, zero)
        if top < BYTE:
            tensor = onnx.helper.make_tensor("top", onnx.TensorProto.UINT8, [], [top])
            codes = op.Clip(codes, None, op.Constant(value=tensor))
        return op.DequantizeLinear(codes, scale, zero)

    def from_codes(codes: Any, scale: Any, zero: Any, axis: int) -> Any:
        return op.DequantizeLinear(codes, scale, zero, axis=axis)

    return {
        torch.ops.autorecon.on_grid.default: on_grid,
        torch.ops.autorecon.from_codes.default: from_codes,
    }


def _halve(model: Any) -> None:
    """Have the weights of at most 4 bits in half a byte each, in place."""
    onnx = import_module("onnx")
    held = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        codes, zero = (held.get(name) for name in (node.input[0], node.input[-1]))
        if node.op_type != "DequantizeLinear" or codes is None or zero is None:
            continue
        if codes.data_type != onnx.TensorProto.UINT8:
            continue
        values = [onnx.numpy_helper.to_array(tensor) for tensor in (codes, zero)]
        if max(part.max() for part in values) > NIBBLE:
            continue
        for place, part in zip((0, -1), values, strict=True):
            # Others may read the same initializer, and have more bits.
            name = f"{node.input[place]}_4_bits"
            if name not in held:
                kind, shape = onnx.TensorProto.UINT4, list(part.shape)
                held[name] = onnx.helper.make_tensor(name, kind, shape, part.flatten())
            node.input[place] = name
    read = {name for node in model.graph.node for name in node.input}
    del model.graph.initializer[:]
    model.graph.initializer.extend(tensor for name, tensor in held.items() if name in read)
