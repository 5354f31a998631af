"""Generators as files that need no AutoReCon: ONNX, torch.export archives and PyTorch source.

Importing this loads no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autorecon.export.errors import ExportError

if TYPE_CHECKING:
    from autorecon.export.files import Exported, export

__all__ = ["FORMATS", "ExportError", "Exported", "export"]

FORMATS = {
    ".onnx": "ONNX, for ONNX Runtime and others",
    ".pt2": "a torch.export archive, for torch.export.load",
    ".py": "PyTorch source that imports torch alone, and its weights beside it as .safetensors",
}


def __getattr__(name: str) -> Any:
    if name not in ("Exported", "export"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.files"), name)
