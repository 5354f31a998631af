"""Data sets to evaluate compressed models on, read from files already on the machine.

In come a name and a size, or a path to pictures, out comes a Dataset of splits, or what to install.
Files are not trusted: nothing is unpickled that is not byte for byte what was published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.data.errors import DataError, MissingDataError
from autorecon.data.registry import OWN, load, names, register
from autorecon.lazy import later

if TYPE_CHECKING:
    from autorecon.data.dataset import Augmentation, Dataset, Split, accuracy
    from autorecon.data.install import fetch
    from autorecon.data.own import open_own

__all__ = [
    "OWN",
    "Augmentation",
    "DataError",
    "Dataset",
    "MissingDataError",
    "Split",
    "accuracy",
    "fetch",
    "load",
    "names",
    "open_own",
    "register",
]

# What needs torch or subprocesses is imported when it is first asked for.
__getattr__ = later(
    __name__,
    dataset=["Augmentation", "Dataset", "Split", "accuracy"],
    install=["fetch"],
    own=["open_own"],
)
