"""The architectures that a run tried before it chose one of them."""

from __future__ import annotations

import attrs

from autorecon.records.derivation import Trial, read_derivation
from autorecon.runs import RunFolder


@attrs.frozen
class TrialRow:
    """A trial as a page shows it; `unlike` is what it chose otherwise than the one chosen."""

    number: int
    chosen: bool
    trial: Trial
    unlike: str


def read_trials(folder: RunFolder) -> list[TrialRow]:
    """In the order in which they were tried; none where there was no selection. RecordError."""
    found = read_derivation(folder.derivation_path)
    if found is None or not found.trials:
        return []
    best = max(found.trials, key=lambda trial: trial.mean)
    return [
        TrialRow(number, trial is best, trial, _unlike(trial, best))
        for number, trial in enumerate(found.trials, 1)
    ]


def _unlike(trial: Trial, best: Trial) -> str:
    other = [f"{k} = {v}" for k, v in trial.choices.items() if best.choices.get(k) != v]
    return ", ".join(other[:3]) + (f" and {len(other) - 3} more" if len(other) > 3 else "")
