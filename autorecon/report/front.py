"""The Pareto front that a search has written, read back."""

from __future__ import annotations

import attrs
import cattrs

from autorecon.report.errors import read_json, structured
from autorecon.runs import RunFolder


@attrs.frozen
class FrontRow:
    """One architecture on it; `file` is its genotype, `chosen` says whether the run's own."""

    file: str
    id: str
    chosen: bool
    macs: int
    parameters: int
    losses: dict[str, float]

    @property
    def total(self) -> float:
        return self.losses["total"]


def read_front(folder: RunFolder) -> list[FrontRow]:
    """The rows of front.json, the cheapest first; none where there is no front. ReportError."""
    path = folder.front_path / "front.json"
    rows = read_json(path)
    if rows is None:
        return []
    return structured(cattrs.Converter().structure, rows, list[FrontRow], str(path))
