"""Images that are made once and shown to several students, such as those of different bit widths.

Where neither the objective nor the method lets a generator see the student, what it makes does not
depend on it: the second student may be shown what was made for the first.
"""

from __future__ import annotations

from typing import Any

from autorecon.compress.batch import Batch
from autorecon.compress.sources.base import Learner, Source
from autorecon.objective import Values, numbers

Given = tuple["Batch | None", Values]
"""What one step of a source gives: a batch, and the losses."""


class Recorded:
    """A source, of which all that it gives is kept.

    `calls` is whole unless a checkpoint was loaded, which has nothing of what came before it.
    """

    def __init__(self, source: Source) -> None:
        self.source, self.labelled = source, source.labelled
        self.calls: list[Given] = []
        self.whole = True

    def make(self, student: Learner | None) -> Given:
        return self._keep(self.source.make(student))

    def draw(self) -> Batch:
        batch = self.source.draw()
        self._keep((batch, {}))
        return batch

    def _keep(self, given: Given) -> Given:
        self.calls.append(given)
        return given

    def state_dict(self) -> dict[str, Any]:
        return self.source.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.whole = False
        self.calls.clear()
        self.source.load_state_dict(state)

    def recording(self) -> dict[str, Any]:
        """What a Repeated source is made of, as `runs.save_state` writes it."""
        losses = numbers([values for _, values in self.calls])
        batches = [batch.state() if batch else None for batch, _ in self.calls]
        calls = list(zip(batches, losses, strict=True))
        return {"labelled": self.labelled, "calls": calls}


class Repeated:
    """A source that gives what a recorded one gave, in the same order, on a device; nothing is
    computed."""

    def __init__(self, recording: dict[str, Any], device: str = "cpu") -> None:
        self.labelled, self._device = bool(recording["labelled"]), device
        self._calls = [
            (batch and Batch.of(batch), dict(losses)) for batch, losses in recording["calls"]
        ]
        self._next = 0

    def make(self, student: Learner | None) -> Given:
        batch, losses = self._calls[self._next]
        self._next += 1
        return batch and batch.on(self._device), losses

    def draw(self) -> Batch:
        batch, _ = self.make(None)
        assert batch is not None
        return batch

    def state_dict(self) -> dict[str, Any]:
        return {"next": self._next}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._next = state["next"]
