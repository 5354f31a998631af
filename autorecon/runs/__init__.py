"""Run folders: whole files, saved states, metrics, progress, and work that can be interrupted.

In come stages of work, out comes a folder from which they go on to the same result, wherever they
were interrupted. Importing this loads neither torch nor rich.
"""

from __future__ import annotations

from autorecon.runs.atomic import (
    link_or_copy,
    replacing,
    require_place,
    write_bytes,
    write_text,
)
from autorecon.runs.drive import Checkpoint, Checkpoints, Stage, drive
from autorecon.runs.errors import DamagedError, RunError
from autorecon.runs.folder import RunFolder, check_contained, locked, new_folder, next_free
from autorecon.runs.lines import Lines, read_lines, read_stages
from autorecon.runs.pool import Pool
from autorecon.runs.progress import Progress, duration
from autorecon.runs.tensors import (
    as_saved,
    load_state,
    load_weights,
    read_tensors,
    save_state,
    save_weights,
    write_tensors,
)

__all__ = [
    "Checkpoint",
    "Checkpoints",
    "DamagedError",
    "Lines",
    "Pool",
    "Progress",
    "RunError",
    "RunFolder",
    "Stage",
    "as_saved",
    "check_contained",
    "drive",
    "duration",
    "link_or_copy",
    "load_state",
    "load_weights",
    "locked",
    "new_folder",
    "next_free",
    "read_lines",
    "read_stages",
    "read_tensors",
    "replacing",
    "require_place",
    "save_state",
    "save_weights",
    "write_bytes",
    "write_tensors",
    "write_text",
]
