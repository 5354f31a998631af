"""compressed/GENERATOR-seedN.json: what one compression ended with."""

from __future__ import annotations

from typing import Any

import attrs

from autorecon.records.coverage import Coverage
from autorecon.records.results import Row, Site
from autorecon.records.score import Score


@attrs.frozen(kw_only=True)
class Compressed:
    """What a report needs of a compression; `last` is the one to quote, `best` was chosen by its
    figure. `config` are its settings, `weight_bytes` those of the teacher and of the student."""

    calibrated: Score | None
    last: Score | None
    best: Score | None
    best_epoch: int | None
    config: dict[str, Any]
    weight_bytes: dict[str, float]
    labelled: bool = True
    sites: list[Site]
    coverage: Coverage | None = None
    warnings: list[str]


@attrs.frozen(kw_only=True)
class Student(Compressed):
    """The same of one generator and seed of a run."""

    generator: str
    seed: int

    @property
    def row(self) -> Row:
        """What results.json says of it."""
        return Row(
            self.generator,
            self.seed,
            self.calibrated,
            self.last,
            self.best,
            self.best_epoch,
            self.warnings,
        )
