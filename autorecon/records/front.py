"""front/front.json: the Pareto front of a search, the cheapest architecture first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from autorecon.records.derivation import has_total
from autorecon.records.files import read_record


@attrs.frozen
class FrontRow:
    """One architecture on it; `file` is its genotype, `chosen` says whether the run's own."""

    file: str
    id: str
    chosen: bool
    macs: int
    parameters: int
    losses: Mapping[str, float] = attrs.field(validator=has_total)

    @property
    def total(self) -> float:
        return self.losses["total"]


def read_front(path: Path) -> list[FrontRow]:
    """The rows of the file; none where there is no front. Raises RecordError."""
    return read_record(path, list[FrontRow]) or []
