"""Compressing a model without its data: quantized students and the method that trains them.

`GdfqConfig` and `Bits` are there without torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autorecon.compress.bits import Bits
from autorecon.compress.config import GdfqConfig
from autorecon.compress.errors import CompressError, TraceError

if TYPE_CHECKING:
    from autorecon.compress.gdfq import Gdfq
    from autorecon.compress.losses import diversity
    from autorecon.compress.quantizer import fake_quantize
    from autorecon.compress.sites import Site
    from autorecon.compress.trace import QuantizedModel, quantize

__all__ = [
    "Bits",
    "CompressError",
    "Gdfq",
    "GdfqConfig",
    "QuantizedModel",
    "Site",
    "TraceError",
    "diversity",
    "fake_quantize",
    "quantize",
]

# What needs torch is imported when it is first asked for.
_LATER = {
    "Gdfq": "gdfq",
    "QuantizedModel": "trace",
    "Site": "sites",
    "diversity": "losses",
    "fake_quantize": "quantizer",
    "quantize": "trace",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
