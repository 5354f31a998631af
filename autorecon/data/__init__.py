"""Data sets to evaluate compressed models on, read from files already on the machine."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autorecon.data._errors import DataError, MissingDataError
from autorecon.data._registry import load, names, register

if TYPE_CHECKING:
    from autorecon.data._dataset import Augmentation, Dataset, Split, accuracy
    from autorecon.data._fetch import fetch

__all__ = [
    "Augmentation",
    "DataError",
    "Dataset",
    "MissingDataError",
    "Split",
    "accuracy",
    "fetch",
    "load",
    "names",
    "register",
]

# What needs torch or subprocesses is imported when it is first asked for.
_LATER = {
    "Augmentation": "_dataset",
    "Dataset": "_dataset",
    "Split": "_dataset",
    "accuracy": "_dataset",
    "fetch": "_fetch",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
