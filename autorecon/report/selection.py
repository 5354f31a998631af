"""The architectures that a run tried before it chose one of them, read back."""

from __future__ import annotations

from statistics import fmean
from typing import Any

import attrs
import cattrs

from autorecon.report.errors import read_json, structured
from autorecon.runs import RunFolder


@attrs.frozen
class Trial:
    """An architecture and, by seed, how surely its student gave the teacher's class, in percent."""

    choices: dict[str, str]
    agreement: dict[str, float] = attrs.field(validator=attrs.validators.min_len(1))

    @property
    def mean(self) -> float:
        return fmean(self.agreement.values())


@attrs.frozen
class TrialRow:
    """A trial as a page shows it; `unlike` is what it chose otherwise than the one chosen."""

    number: int
    chosen: bool
    trial: Trial
    unlike: str


def read_trials(folder: RunFolder) -> list[TrialRow]:
    """In the order in which they were tried; none where there was no selection. ReportError."""
    values: Any = read_json(folder.derivation_path)
    if not isinstance(values, dict) or not values.get("trials"):
        return []
    place = str(folder.derivation_path)
    trials = structured(cattrs.Converter().structure, values["trials"], list[Trial], place)
    best = max(trials, key=lambda trial: trial.mean)
    return [
        TrialRow(number, trial is best, trial, _unlike(trial, best))
        for number, trial in enumerate(trials, 1)
    ]


def _unlike(trial: Trial, best: Trial) -> str:
    other = [f"{k} = {v}" for k, v in trial.choices.items() if best.choices.get(k) != v]
    return ", ".join(other[:3]) + (f" and {len(other) - 3} more" if len(other) > 3 else "")
