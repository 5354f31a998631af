"""Where the files of a data set are looked for."""

from __future__ import annotations

import os
from pathlib import Path

SYSTEM = Path("/usr/share/datasets")


def cache_folder() -> Path:
    """The folder that `fetch` installs data sets into."""
    from platformdirs import user_cache_path

    return user_cache_path("autorecon", appauthor=False)


def data_folders() -> list[Path]:
    """The user's own data folders: `$AUTORECON_DATA` where it is set, then the cache."""
    own = os.environ.get("AUTORECON_DATA")
    return [Path(own).expanduser(), cache_folder()] if own else [cache_folder()]


def candidate_folders(name: str, torchvision: str) -> list[Path]:
    """Folders that may hold data set `name`, in search order.

    `torchvision` is the folder that torchvision's loader makes below its root.
    """
    own = [base / below for base in data_folders() for below in (name, torchvision)]
    return [*own, SYSTEM / name]
