"""Generators as files that need no AutoReCon: ONNX, torch.export archives and PyTorch source.

In come a Generator and a path, out comes the file that its ending names, compared with the
generator number by number. Importing this loads no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.export.errors import ExportError
from autorecon.lazy import later

if TYPE_CHECKING:
    from autorecon.export.files import Exported, export

__all__ = ["FORMATS", "ExportError", "Exported", "export"]

FORMATS = {
    ".onnx": "ONNX, for ONNX Runtime and others",
    ".pt2": "a torch.export archive, for torch.export.load",
    ".py": "PyTorch source that imports torch alone, and its weights beside it as .safetensors",
}

__getattr__ = later(__name__, files=["Exported", "export"])
