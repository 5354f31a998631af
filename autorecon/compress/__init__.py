"""Compressing a model without its data: one engine, and a catalogue of methods for it.

In come a teacher and a CompressConfig, out comes a student. `quantization` makes one of a teacher,
`equalization` without any image; `methods` say what the student learns, `sources` make the images
that it learns from, and `engine` does it. `CompressConfig`, `METHODS` and `Bits` are there without
torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autorecon.compress.config import CompressConfig
from autorecon.compress.errors import CompressError, TraceError
from autorecon.compress.methods.method import METHODS, Method
from autorecon.compress.quantization.bits import Bits

if TYPE_CHECKING:
    from autorecon.compress.engine.assembly import check_method
    from autorecon.compress.engine.collapse import diversity
    from autorecon.compress.engine.compression import Compression
    from autorecon.compress.quantization.quantize import QuantizedModel, quantize
    from autorecon.compress.quantization.rounding import fake_quantize

__all__ = [
    "METHODS",
    "Bits",
    "CompressConfig",
    "CompressError",
    "Compression",
    "Method",
    "QuantizedModel",
    "TraceError",
    "check_method",
    "diversity",
    "fake_quantize",
    "quantize",
]

# What needs torch is imported when it is first asked for.
_LATER = {
    "Compression": "engine.compression",
    "QuantizedModel": "quantization.quantize",
    "check_method": "engine.assembly",
    "diversity": "engine.collapse",
    "fake_quantize": "quantization.rounding",
    "quantize": "quantization.quantize",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
