"""JSON files of a run: one schema each, written whole, and read as that or refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from autorecon.reading import read_bounded
from autorecon.records.errors import RecordError
from autorecon.records.schema import plain, structured
from autorecon.runs import write_text
from autorecon.runs.seals import KEY, is_whole, sealed

Schema = TypeVar("Schema")

LIMIT = 64_000_000
"""Bytes; a run with a thousand students stays far below."""
PICTURE_LIMIT = 2_000_000
"""Bytes of a picture that a page takes."""
PICTURE_CLASSES = "Classes"
"""The text in a PNG file that has the numbers of the classes of its rows, with spaces between."""
REMEDY = "put back the original, or continue the run with --resume to write it again"


def write_record(path: Path, value: Any) -> None:
    """The file of an attrs class, or of a list of them; RunError where it cannot be written.

    That of a class has a checksum as its last entry.
    """
    text = json.dumps(plain(value), indent=1)
    write_text(path, (sealed(text) if text.endswith("\n}") else text) + "\n")


def read_record(path: Path, kind: type[Schema], formats: Sequence[int] = ()) -> Schema | None:
    """What the file holds, None where there is none; `formats` are those to take, the newest last.

    Raises RecordError for anything else than such a file.
    """
    value = _json(path)
    if value is None:
        return None
    found = value.get("format") if isinstance(value, dict) else None
    if formats and found not in formats:
        raise RecordError(
            f"{path} has the format {found!r:.20}, and this version reads "
            f"{' and '.join(map(str, formats))}: "
            "make the report with the version that made the run"
        )
    return structured(value, kind, str(path), REMEDY)


def _json(path: Path) -> Any:
    try:
        data = read_bounded(path, LIMIT)
        value = json.loads(data)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RecordError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path} is not JSON ({error}): {REMEDY}") from error
    if not is_whole(data):
        raise RecordError(f"{path} is damaged: its checksum is of something else: {REMEDY}")
    if isinstance(value, dict):
        value.pop(KEY, None)
    return value
