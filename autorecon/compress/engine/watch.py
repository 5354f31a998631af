"""What a run notes beside its losses: scores of the student, diversity of the images."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import attrs

from autorecon.compress.batch import Batch
from autorecon.compress.engine.collapse import collapse_warning, diversity
from autorecon.objective import Losses, Values, numbers
from autorecon.records.score import Score

DIGITS = 4


@attrs.define
class Scores:
    """What `evaluate` said of the student, and when. The best is for the record only."""

    calibrated: Score | None = None
    last: Score | None = None
    best: Score | None = None
    best_epoch: int | None = None

    def note(self, epoch: int, score: Score) -> None:
        self.last = score
        if self.best is None or _figure(score) > _figure(self.best):
            self.best, self.best_epoch = score, epoch


def _figure(score: Score) -> float:
    return -math.inf if score.figure is None else score.figure


@attrs.define
class Diversity:
    """The diversity of every batch of an epoch, and a warning at the first that collapsed."""

    labelled: bool = True
    overall: list[float] = attrs.Factory(list)
    within: list[float] = attrs.Factory(list)
    warning: str | None = None
    _unread: list[tuple[int, Values]] = attrs.field(factory=list, init=False)

    def note(self, step: int, batch: Batch) -> None:
        """Look at the batch that was made in `step`, counted from 0; what it came to is read later,
        as losses are."""
        overall, within = diversity(batch.images, batch.request.labels_here)
        self._unread.append((step, {"overall": overall, "within": within}))

    def read(self) -> None:
        unread, self._unread = self._unread, []
        for (step, _), found in zip(unread, numbers([v for _, v in unread]), strict=True):
            self._add(step, **found)

    def _add(self, step: int, overall: float, within: float) -> None:
        self.overall.append(round(overall, DIGITS))
        self.within.append(round(within, DIGITS))
        fault = collapse_warning(overall, within, labelled=self.labelled)
        if fault and self.warning is None:
            self.warning = f"step {step + 1}: {fault}"

    def row(self) -> dict[str, Any]:
        """For metrics.jsonl: the last batch's figures, those of every batch, and the warning."""
        self.read()
        if not self.overall:
            return {}
        row: dict[str, Any] = {
            "diversity": self.overall[-1],
            "diversity_within": self.within[-1],
            "diversities": self.overall,
            "diversities_within": self.within,
        }
        return row | ({"warning": self.warning} if self.warning else {})


@attrs.define
class SoFar:
    """What an epoch has come to after its first steps, of which its row is made."""

    losses: Losses = attrs.Factory(Losses)
    notes: dict[str, Any] = attrs.Factory(dict)
    diversity: Diversity = attrs.Factory(Diversity)

    def row(self) -> dict[str, Any]:
        """For metrics.jsonl: means over the epoch, and what was noted. Raises DivergedError."""
        return self.notes | self.losses.means() | self.diversity.row()

    def state(self) -> dict[str, Any]:
        """All of it, read. Raises DivergedError."""
        losses = {"steps": self.losses.steps, "losses": self.losses.read(), "notes": self.notes}
        self.diversity.read()
        shown = attrs.asdict(self.diversity, filter=lambda field, _: field.init)
        return losses | {"diversity": shown}

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> SoFar:
        """From its `state`."""
        losses = Losses(state["losses"], state["steps"])
        return cls(losses, state["notes"], Diversity(**state["diversity"]))
