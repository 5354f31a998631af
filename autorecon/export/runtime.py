"""What ONNX Runtime makes of a model: its answers, and which of its products are of integers."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from autorecon.export.errors import ExportError, reason
from autorecon.export.processor import integer_units

INTEGER = {"QLinearConv", "ConvInteger", "QGemm", "QLinearMatMul", "MatMulInteger"}
FLOAT = {
    "Conv", "FusedConv", "NhwcFusedConv", "ConvTranspose", "Gemm", "FusedGemm", "MatMul",
    "FusedMatMul",
}  # fmt: skip


OLDEST = {"onnx": "1.17", "onnxscript": "0.5", "onnxruntime": "1.20"}
"""Versions that write and run all that students have, as 4 bits of opset 21."""


def missing_packages() -> list[str]:
    """Those of the packages that write and run ONNX models which are not installed."""
    return [name for name in OLDEST if find_spec(name) is None]


def require_runtime() -> None:
    """Raise ExportError unless there is all that writes and runs ONNX models, new enough."""
    if missing := missing_packages():
        raise ExportError(
            f"a student is written and run by {' and '.join(missing)}: "
            "pip install 'autorecon[export]'"
        )
    for name, oldest in OLDEST.items():
        found = version(name)
        if _numbers(found) < _numbers(oldest):
            raise ExportError(
                f"{name} {found} is too old to write or run a student, which takes {oldest} or "
                "newer: pip install -U 'autorecon[export]'"
            )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


@attrs.frozen(eq=False)
class Runtime:
    """A session; `kernels` counts the operations that it runs."""

    session: Any
    kernels: Counter[str]

    @classmethod
    def of(cls, model: bytes | Path, threads: int = 1) -> Runtime:
        """Of a file's content, or of a file that may have weights beside it. Raises ExportError
        where ONNX Runtime refuses the model."""
        given = str(model) if isinstance(model, Path) else model
        onnx, runtime = import_module("onnx"), import_module("onnxruntime")
        with tempfile.TemporaryDirectory() as folder:
            options = runtime.SessionOptions()
            options.log_severity_level = 3
            options.intra_op_num_threads = threads
            if not integer_units():
                # Without VNNI sums of two products overflow 16 bits; this takes another kernel.
                options.add_session_config_entry("session.x64quantprecision", "1")
            options.optimized_model_filepath = str(Path(folder) / "optimized.onnx")
            try:
                if isinstance(model, bytes):  # ours: others' files may run all the same
                    onnx.checker.check_model(model)
                session = runtime.InferenceSession(
                    given, options, providers=["CPUExecutionProvider"]
                )
            # Both raise what they like.
            except Exception as error:
                raise ExportError(
                    f"ONNX Runtime {runtime.__version__} refuses it: {reason(error)}"
                ) from error
            optimized = onnx.load(options.optimized_model_filepath)
        return cls(session, Counter(node.op_type for node in optimized.graph.node))

    def __call__(self, images: Tensor) -> Tensor:
        """What its first output gives of its first input: logits [N, classes] of images."""
        (images_in,), (logits_out, *_) = self.session.get_inputs(), self.session.get_outputs()
        (logits,) = self.session.run([logits_out.name], {images_in.name: images.numpy()})
        return torch.from_numpy(logits)

    @property
    def integer(self) -> int:
        """How many convolutions and products of matrices are computed with integers."""
        return sum(self.kernels[name] for name in INTEGER)

    @property
    def products(self) -> int:
        """How many there are."""
        return self.integer + sum(self.kernels[name] for name in FLOAT)
