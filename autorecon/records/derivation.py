"""derivation.json: the architecture that a search ended with, and what it was chosen by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import attrs

from autorecon.records.files import read_record

Judged = tuple[Mapping[str, str], Mapping[str, float]]
"""An architecture, and its losses in the super net."""


def has_total(record: Any, field: Any, losses: Mapping[str, float]) -> None:
    """What architectures are compared by is among their losses; ValueError."""
    if "total" not in losses:
        raise ValueError("losses without their total")


def _have_totals(record: Any, field: Any, judged: tuple[Judged, ...]) -> None:
    for _, losses in judged:
        has_total(record, field, losses)


@attrs.frozen
class Trial:
    """An architecture and, by seed, how surely its student gave the teacher's class, in percent."""

    choices: Mapping[str, str]
    agreement: Mapping[str, float] = attrs.field(validator=attrs.validators.min_len(1))

    @property
    def mean(self) -> float:
        return fmean(self.agreement.values())


@attrs.frozen
class Derivation:
    """The option of each decision, and what it was chosen by.

    `scores` are by decision, one an option: probabilities, or with "perturbation" the loss of the
    super net without the option; the highest is chosen. Those in `repaired` are not, so that the
    architecture is valid. `judged` are the architectures that were compared in the super net, with
    their losses, and `trials` those that a student was trained with each, of which the best is
    chosen, whatever the scores say.
    """

    choices: Mapping[str, str]
    by: str
    scores: Mapping[str, list[float]]
    judged: tuple[Judged, ...] = attrs.field(default=(), validator=_have_totals)
    repaired: tuple[str, ...] = ()
    trials: tuple[Trial, ...] = ()

    def selected(self, trials: tuple[Trial, ...]) -> Derivation:
        """The same search, with the best of these."""
        best = max(trials, key=lambda trial: trial.mean)
        return attrs.evolve(self, choices=best.choices, repaired=(), trials=trials)

    def loss(self, decision: str, option: str) -> float | None:
        """The least total of what was judged with this option."""
        losses = [
            losses["total"] for choices, losses in self.judged if choices.get(decision) == option
        ]
        return min(losses, default=None)

    def agreement(self, decision: str, option: str) -> float | None:
        """The best mean of what was tried with this option."""
        means = [trial.mean for trial in self.trials if trial.choices.get(decision) == option]
        return max(means, default=None)


def read_derivation(path: Path) -> Derivation | None:
    """What was recorded when the search ended; None if it has not. Raises RecordError."""
    return read_record(path, Derivation)
