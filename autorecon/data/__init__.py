"""Data sets to evaluate compressed models on, read from files already on the machine.

In come a name and a size, out comes a Dataset of splits as tensors, or what to install. Files are
not trusted: nothing is unpickled that is not byte for byte what was published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.data.errors import DataError, MissingDataError
from autorecon.data.registry import load, names, register
from autorecon.lazy import later

if TYPE_CHECKING:
    from autorecon.data.dataset import Augmentation, Dataset, Split, accuracy
    from autorecon.data.install import fetch

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
__getattr__ = later(
    __name__, dataset=["Augmentation", "Dataset", "Split", "accuracy"], install=["fetch"]
)
