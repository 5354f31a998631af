"""No images at all, for methods that read everything off the teacher's weights."""

from __future__ import annotations

from typing import Any

from autorecon.compress.batch import Batch
from autorecon.compress.sources.base import Learner
from autorecon.objective import Values


class Nothing:
    """A source that is never asked."""

    labelled = False

    def make(self, student: Learner | None) -> tuple[Batch | None, Values]:
        raise RuntimeError("this method makes no images")

    def draw(self) -> Batch:
        raise RuntimeError("this method has no images")

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass
