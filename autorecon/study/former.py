"""`python -m autorecon.study.former FOLDER`: a study of before 0.2, a file a cell, as it is now."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from autorecon.graph import load
from autorecon.lang import load_ops
from autorecon.records.cells import CellRecord
from autorecon.records.schema import structured
from autorecon.runs import locked
from autorecon.study.errors import StudyError
from autorecon.study.folder import StudyFolder
from autorecon.workflow.config import read_config, write_config


def convert(folder: StudyFolder) -> int:
    """Write records.jsonl of what is in cells/, which stays; give how many there are.

    Settings that a record does not know of are written as they were, at their default. Raises
    StudyError, RecordError or SpaceError, with nothing written, where a file cannot be read.
    """
    cells, log = folder.path / "cells", folder.log
    if log.path.exists() or not cells.is_dir():
        raise StudyError(f"{folder.path} is no study of before 0.2 that is still to be converted")
    with locked(folder.path):
        found = [_read(path, cells) for path in sorted(cells.rglob("*.json"), key=_natural)]
        for kind, record in found:
            log.append(kind, record)
    return len(found)


def _read(path: Path, cells: Path) -> tuple[str, CellRecord]:
    try:
        values: dict[str, Any] = json.loads(path.read_bytes())
        settings = write_config(read_config(values["settings"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise StudyError(f"{path} is no record of a cell: {error}") from None
    made = {"settings": settings, "genotype": _genotype(path.with_suffix(".space"), settings)}
    record = structured(values | made, CellRecord, str(path), "remove it to have the cell done")
    what = path.relative_to(cells).parts[1].partition("-")[0]
    return "compress" if settings["command"] == "compress" else what, record


def _genotype(path: Path, settings: dict[str, Any]) -> str:
    """The id of a genotype, "" where there is none."""
    if not path.exists():
        return ""
    for module in settings["space"]["ops"]:
        load_ops(module)
    found = load(path)
    space = load(path.with_name(found.program.of or ""), **found.parameters)
    return space.architecture_id(found)


def _natural(path: Path) -> list[str]:
    """In the order in which people count: seed10 after seed9."""
    return [part.zfill(9) if part.isdigit() else part for part in re.split(r"(\d+)", str(path))]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        try:
            print(f"{name}: {convert(StudyFolder(Path(name)))} records; cells/ can go")
        except ValueError as error:
            sys.exit(f"error: {error}")
