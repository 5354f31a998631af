"""Compressing a model without its data: one engine, and a catalogue of methods for it.

`CompressConfig`, `METHODS` and `Bits` are there without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.compress.bits import Bits
from autorecon.compress.config import CompressConfig
from autorecon.compress.errors import CompressError, TraceError
from autorecon.compress.method import METHODS, Method
from autorecon.lazy import later

if TYPE_CHECKING:
    from autorecon.compress.collapse import diversity
    from autorecon.compress.engine import Compression
    from autorecon.compress.making import check_method
    from autorecon.compress.quantizer import fake_quantize
    from autorecon.compress.trace import QuantizedModel, quantize
    from autorecon.records.results import Site

__all__ = [
    "METHODS",
    "Bits",
    "CompressConfig",
    "CompressError",
    "Compression",
    "Method",
    "QuantizedModel",
    "Site",
    "TraceError",
    "check_method",
    "diversity",
    "fake_quantize",
    "quantize",
]

# What needs torch is imported when it is first asked for.
__getattr__ = later(
    __name__,
    collapse=["diversity"],
    engine=["Compression"],
    making=["check_method"],
    quantizer=["fake_quantize"],
    sites=["Site"],
    trace=["QuantizedModel", "quantize"],
)
