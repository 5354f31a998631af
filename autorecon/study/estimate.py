"""How long cells will take, from how long those took that are done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import attrs

from autorecon.records.cells import CellRecord
from autorecon.study.cells import Cell

Kind = tuple[str, ...]


@attrs.frozen
class Estimate:
    """Seconds a step, by kinds of cells; empty of nothing done."""

    rates: dict[Kind, float]

    @classmethod
    def of(cls, cells: Iterable[Cell], records: Mapping[str, CellRecord | None]) -> Estimate:
        totals: dict[Kind, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for cell in cells:
            record = records.get(cell.id)
            if record is None or record.error or not record.steps:
                continue
            for kind in _kinds(cell):
                totals[kind][0] += record.seconds
                totals[kind][1] += record.steps
        return cls({kind: seconds / steps for kind, (seconds, steps) in totals.items()})

    def seconds(self, cell: Cell) -> float | None:
        """Of one thread, for the whole cell; None while nothing is done."""
        rate = next((self.rates[kind] for kind in _kinds(cell) if kind in self.rates), None)
        return None if rate is None else rate * cell.steps

    def left(
        self,
        cells: Iterable[Cell],
        records: Mapping[str, CellRecord | None],
        shares: Mapping[str, float],
    ) -> float | None:
        """Of one thread, for all that is not done; None while nothing is done."""
        total = 0.0
        for cell in cells:
            record = records.get(cell.id)
            if record is None or not record.done:
                own = self.seconds(cell)
                if own is None:
                    return None
                total += own * (1 - shares.get(cell.id, 0.0))
        return total


def _kinds(cell: Cell) -> list[Kind]:
    """From the most alike to the least; a search and a compression are hardly alike."""
    return [(cell.kind, cell.teacher, cell.variant), (cell.kind, cell.teacher), (cell.kind,), ()]
