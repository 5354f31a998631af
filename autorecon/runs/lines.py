"""Files of one JSON object a line, appended as work goes: metrics.jsonl, records.jsonl."""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from autorecon.reading import read_bounded
from autorecon.runs.atomic import write_bytes
from autorecon.runs.errors import RunError
from autorecon.runs.seals import KEY, is_whole, sealed

LIMIT = 2**30
"""Bytes that are read."""

# JSON has no such numbers; these spellings are what JavaScript's Number() and float() both read.
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@attrs.frozen
class Lines:
    """The log at `path`; it need not exist yet. Offsets are in bytes."""

    path: Path

    def append(self, row: Mapping[str, Any]) -> int:
        """Add one row, on disk when this returns, and give the offset of its end.

        A checksum is its last entry. NaN and the infinities become the strings "NaN", "Infinity"
        and "-Infinity".
        Raises TypeError for a row that is not JSON, and RunError, without a torn row left where
        that can be helped, if the file cannot be written.
        """
        line = sealed(json.dumps(_spell_numbers(row), allow_nan=False)) + "\n"
        before = self.mend()
        try:
            with self.path.open("ab") as file:
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            # The disk may be full or gone: `mend` gets another chance when the run is resumed.
            with contextlib.suppress(OSError):
                os.truncate(self.path, before)
            raise RunError(f"cannot add a row to {self.path}: {error.strerror}") from error
        return self.size()

    def size(self) -> int:
        """Length of the file; 0 if there is none."""
        return self.path.stat().st_size if self.path.exists() else 0

    def mend(self) -> int:
        """Drop a last line that a killed process left unfinished; give the size left."""
        size = self.size()
        if self._row_ends_at(size):
            return size
        end = read_bounded(self.path, LIMIT).rfind(b"\n") + 1
        self._cut(end)
        return end

    def drop(self, unwanted: Callable[[dict[str, Any]], bool]) -> int:
        """Drop some rows, damaged ones, and a last line without its end; give the size left."""
        if not self.mend():
            return 0
        lines = read_bounded(self.path, LIMIT).splitlines(keepends=True)
        kept = [line for line in lines if (row := _row(line)) is not None and not unwanted(row)]
        if len(kept) < len(lines):
            write_bytes(self.path, b"".join(kept))
        return self.size()

    def truncate(self, offset: int) -> None:
        """Drop every row after `offset`, which `append` or `mend` gave.

        Raises RunError if the file does not reach to `offset` or no row ends there: it is not the
        file that it was.
        """
        if self.size() < offset or not self._row_ends_at(offset):
            raise RunError(
                f"{self.path} does not hold the rows that the checkpoint had seen: "
                "put the file back as it was, or start in another folder"
            )
        if self.size() > offset:
            self._cut(offset)

    def _row_ends_at(self, offset: int) -> bool:
        if not offset:
            return True
        with self.path.open("rb") as file:
            file.seek(offset - 1)
            return file.read(1) == b"\n"

    def _cut(self, size: int) -> None:
        try:
            os.truncate(self.path, size)
        except OSError as error:
            raise RunError(f"cannot shorten {self.path}: {error.strerror}") from error


def read_lines(path: str | Path, damaged: list[str] | None = None) -> list[dict[str, Any]]:
    """Every whole row of the file, non-finite numbers as floats again; none if there is no file.

    A last line without its end is one being written, or torn by a kill, and is left out.
    Raises RunError if it cannot be read, and for a whole line that is not a JSON object, or another
    one than was written, with its number; what would be raised of lines goes to `damaged` instead,
    if that is given.
    """
    try:
        lines = read_bounded(path, LIMIT).split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror}") from error
    rows = []
    for number, line in enumerate(lines, 1):
        try:
            rows.append(_parse(line, f"{path}:{number}"))
        except RunError as error:
            if damaged is None:
                raise
            damaged.append(str(error))
    return rows


def read_stages(path: str | Path, damaged: list[str]) -> list[dict[str, Any]]:
    """The rows of metrics.jsonl, of which each says its `stage`, and perhaps an `epoch` and the
    `seconds` that this took; of those that do not, and of damaged ones, `damaged` is told."""
    rows = []
    for row in read_lines(path, damaged):
        if _is_of_stage(row):
            rows.append(row)
        else:
            damaged.append(f"{path}: a row is of no stage: put the file back as it was")
    return rows


def _is_of_stage(row: Mapping[str, Any]) -> bool:
    stage, epoch, seconds = row.get("stage"), row.get("epoch", 0), row.get("seconds", 0)
    timed = type(seconds) in (int, float) and 0 <= seconds < math.inf
    return isinstance(stage, str) and type(epoch) is int and timed


def _parse(line: bytes, place: str) -> dict[str, Any]:
    if not is_whole(line):
        raise RunError(f"{place}: damaged (checksum): put the file back as it was")
    try:
        row = _read_numbers(json.loads(line))
    except (ValueError, RecursionError) as error:
        raise RunError(f"{place}: not JSON ({error}): put the file back as it was") from error
    if not isinstance(row, dict):
        raise RunError(f"{place}: not a JSON object: put the file back as it was")
    row.pop(KEY, None)
    return row


def _row(line: bytes) -> dict[str, Any] | None:
    """None for a damaged one."""
    try:
        return _parse(line, "")
    except RunError:
        return None


def _spell_numbers(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return json.dumps(value)
    if isinstance(value, Mapping):
        return {key: _spell_numbers(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_spell_numbers(item) for item in value]
    return value


def _read_numbers(value: Any) -> Any:
    if isinstance(value, str):
        return _SPECIAL.get(value, value)
    if isinstance(value, dict):
        return {key: _read_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_read_numbers(item) for item in value]
    return value
