"""Generators and students as files that need no AutoReCon: ONNX, torch.export archives, and of
generators PyTorch source.

In come a Generator or a compressed model and a path, out comes the file that its ending names,
compared with what it stands for. Importing this loads no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.export.errors import ExportError
from autorecon.lazy import later

if TYPE_CHECKING:
    from autorecon.export.files import Exported, export
    from autorecon.export.student import ExportedStudent, export_student

__all__ = ["FORMATS", "ExportError", "Exported", "ExportedStudent", "export", "export_student"]

FORMATS = {
    ".onnx": "ONNX, for ONNX Runtime and others",
    ".pt2": "a torch.export archive, for torch.export.load",
    ".py": "PyTorch source that imports torch alone, and its weights beside it as .safetensors",
}

__getattr__ = later(
    __name__, files=["Exported", "export"], student=["ExportedStudent", "export_student"]
)
