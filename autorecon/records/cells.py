"""records.jsonl of a study: a line a cell, with what differs from the others of its kind.

What the cells of a kind have in common is a line of its own, before the first of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from cattrs import Converter

from autorecon.records.errors import RecordError
from autorecon.records.schema import NOT_NEGATIVE, structured
from autorecon.records.score import Score
from autorecon.runs import Lines, read_lines

FORMAT = 2
LIMIT = 64_000_000
"""Bytes of the file; a cell takes about four hundred."""

_REMEDY = "put the file back as it was, or remove the line to have its cell done again"
_lean = Converter(omit_if_default=True)


@attrs.frozen
class Made:
    """What the generator costs that a cell compressed with, or the genotype that it found."""

    parameters: int
    macs: int


def _is_id(record: Any, field: Any, value: str) -> None:
    """It names a file."""
    if not re.fullmatch(r"[0-9A-Z-]*", value):
        raise ValueError(f"{value!r:.60} is no genotype's id")


@attrs.frozen
class CellRecord:
    """What a cell brought; figures are of the last step's student, None where none were measured.

    `accuracy`, `agreement` and `divergence` are those of its `Score`; `calibrated` is the figure
    before the student's first step, beside its agreement then, and `full_precision` the teacher's
    accuracy, in percent.

    `settings` are those of its config.toml, `fingerprint` is of the generator's architecture, or of
    the space that was searched or drawn from, "" where there is none; `genotype` is the id of what
    was found there. `error` says why there is nothing; `final` that trying again would end as it
    did, `refused` that the system would not have it, as on a full disk.
    """

    cell: str
    settings: dict[str, Any] = attrs.Factory(dict)
    steps: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    seconds: float = attrs.field(default=0.0, validator=NOT_NEGATIVE)
    accuracy: float | None = None
    agreement: float | None = None
    divergence: float | None = None
    calibrated: float | None = None
    calibrated_agreement: float | None = None
    full_precision: float | None = None
    generator: Made | None = None
    fingerprint: str = ""
    genotype: str = attrs.field(default="", validator=_is_id)
    warnings: list[str] = attrs.Factory(list)
    software: dict[str, str] = attrs.Factory(dict)
    error: str = ""
    final: bool = True
    refused: bool = False

    @property
    def figure(self) -> float | None:
        """What cells are compared by, as `Score.figure`."""
        return Score(self.accuracy, self.agreement).figure

    @property
    def done(self) -> bool:
        """Whether there is nothing left to do, be it that the cell cannot end otherwise."""
        return not self.error or self.final


@attrs.frozen
class Shared:
    """What the lines of a kind leave out where theirs is the same."""

    format: int
    kind: str
    settings: dict[str, Any]
    software: dict[str, str]


@attrs.define
class CellLog:
    """The file at `path`, which need not exist yet. One process at a time may append."""

    path: Path
    _shared: dict[str, Shared] = attrs.field(factory=dict, init=False)

    def read(self) -> dict[str, CellRecord]:
        """The records by cell, the last one of each. Raises RecordError for a damaged line.

        A last line without its end is one being written, or torn by a kill, and is left out.
        """
        if self.path.is_file() and self.path.stat().st_size > LIMIT:
            raise RecordError(f"{self.path} is larger than {LIMIT:,} bytes: it is no study's")
        found = {}
        for number, row in enumerate(read_lines(self.path), 1):
            place = f"{self.path}:{number}"
            if "cell" in row:
                record = self._whole(row, place)
                found[record.cell] = record
            else:
                self._share(structured(row, Shared, place, "put the file back as it was"), place)
        return found

    def mend(self) -> bool:
        """Drop a last line that a killed process left unfinished; say whether there was one."""
        lines = Lines(self.path)
        return lines.size() != lines.mend()

    def append(self, kind: str, record: CellRecord) -> None:
        """Add a line, on disk when this returns; what the file holds must have been read."""
        lines = Lines(self.path)
        if kind not in self._shared:
            self._shared[kind] = Shared(FORMAT, kind, record.settings, record.software)
            lines.append(attrs.asdict(self._shared[kind]))
        shared = self._shared[kind]
        own = attrs.evolve(
            record,
            settings=difference(shared.settings, record.settings),
            software=difference(shared.software, record.software),
        )
        lines.append({"kind": kind} | _lean.unstructure(own))

    def _share(self, shared: Shared, place: str) -> None:
        if shared.format != FORMAT:
            raise RecordError(
                f"{place} has the format {shared.format}, and this version reads {FORMAT}: "
                "go on with the version that made the study"
            )
        self._shared[shared.kind] = shared

    def _whole(self, row: dict[str, Any], place: str) -> CellRecord:
        shared = self._shared.get(str(row.get("kind")))
        if shared is None:
            raise RecordError(f"{place} lacks the line before it that says the rest: {_REMEDY}")
        for key in ("settings", "software"):
            if isinstance(own := row.get(key, {}), dict):
                row[key] = changed(getattr(shared, key), own)
        return structured(row, CellRecord, place, _REMEDY)


def difference(base: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """What `changed` makes `whole` of `base` by: a JSON merge patch (RFC 7386)."""
    patch: dict[str, Any] = {key: None for key in base if key not in whole}
    for key, value in whole.items():
        below = base.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            if inner := difference(below, value):
                patch[key] = inner
        # Texts, since to Python 1 is True and 1.0.
        elif key not in base or json.dumps(value) != json.dumps(below):
            patch[key] = value
    return patch


def changed(base: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with a JSON merge patch applied: null removes a key."""
    whole = {**base, **{k: v for k, v in patch.items() if not isinstance(v, Mapping)}}
    for key, value in patch.items():
        if isinstance(value, Mapping):
            below = base.get(key)
            whole[key] = changed(below if isinstance(below, Mapping) else {}, value)
    return {key: value for key, value in whole.items() if value is not None}
