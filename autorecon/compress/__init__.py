"""Compressing a model without its data: one engine, and a catalogue of methods for it.

In come a teacher and a CompressConfig, out comes a student. `quantization` makes one of a teacher,
`equalization` without any image; `methods` say what the student learns, `sources` make the images
that it learns from, and `engine` does it. `CompressConfig`, `METHODS` and `Bits` are there without
torch. Called, `autorecon.compress(model, ...)` is the function of `autorecon.python`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.compress.config import CompressConfig
from autorecon.compress.errors import CompressError, TraceError
from autorecon.compress.methods.method import METHODS, Method
from autorecon.compress.quantization.bits import Bits
from autorecon.lazy import callable_as, later

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
__getattr__ = later(
    __name__,
    **{
        "engine.assembly": ["check_method"],
        "engine.collapse": ["diversity"],
        "engine.compression": ["Compression"],
        "quantization.quantize": ["QuantizedModel", "quantize"],
        "quantization.rounding": ["fake_quantize"],
    },
)

callable_as(__name__, "autorecon.python", "compress")
