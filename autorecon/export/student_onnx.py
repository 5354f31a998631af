"""Students as ONNX models of integers: Quantize, Clip and Dequantize around float operations, which
runtimes put together to integer ones."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import fx

from autorecon.export.grids import with_codes

OPSET = 20
"""Of operations; the oldest that torch's exporter writes well."""


def onnx_student(
    student: fx.GraphModule, image_shape: tuple[int, int, int], integer: bool
) -> bytes:
    """The content of an `.onnx` file of a student with frozen ranges.

    Input `images` [N, *image_shape], normalised as the teacher's are; output `logits` [N, classes].
    Raises ExportError.
    """
    stored = with_codes(student, integer)
    images = torch.zeros(2, *image_shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            stored,
            (images,),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=["images"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            custom_translation_table=_translations(),
        )
    assert program is not None
    return _without_origins(program.model_proto).SerializeToString()


def _translations() -> dict[Any, Any]:
    import onnx
    from onnxscript import opset20 as op

    def on_grid(x: Any, scale: Any, zero: Any, top: int) -> Any:
        codes = op.QuantizeLinear(x, scale, zero)
        if top < 255:
            limit = op.Constant(
                value=onnx.helper.make_tensor("top", onnx.TensorProto.UINT8, [], [top])
            )
            codes = op.Clip(codes, None, limit)
        return op.DequantizeLinear(codes, scale, zero)

    def from_codes(codes: Any, scale: Any, zero: Any, axis: int) -> Any:
        return op.DequantizeLinear(codes, scale, zero, axis=axis)

    return {
        torch.ops.autorecon.on_grid.default: on_grid,
        torch.ops.autorecon.from_codes.default: from_codes,
    }


def _without_origins(model: Any) -> Any:
    from autorecon.export.onnx_model import without_origins

    return without_origins(model)
