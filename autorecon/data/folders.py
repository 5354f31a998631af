"""Where the files of a data set are looked for."""

from __future__ import annotations

import os
from pathlib import Path

from autorecon.data.errors import DataError

SYSTEM = Path("/usr/share/datasets")


def cache_folder() -> Path:
    """The folder that `fetch` installs data sets into."""
    from platformdirs import user_cache_path

    return user_cache_path("autorecon", appauthor=False)


def data_folders() -> list[Path]:
    """The user's own data folders: `$AUTORECON_DATA` where it is set, then the cache."""
    own = os.environ.get("AUTORECON_DATA")
    return [expanded(own), cache_folder()] if own else [cache_folder()]


def expanded(path: str) -> Path:
    """A path that may begin with ~ or ~NAME; DataError where there is no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        user = path.partition("/")[0]
        raise DataError(f"{path}: nobody has the home {user}; write the path out") from None


def candidate_folders(name: str, torchvision: str) -> list[Path]:
    """Folders that may hold data set `name`, in search order.

    `torchvision` is the folder that torchvision's loader makes below its root.
    """
    own = [base / below for base in data_folders() for below in (name, torchvision)]
    return [*own, SYSTEM / name]
