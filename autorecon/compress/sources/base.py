"""What a source of images offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from autorecon.compress.batch import Batch
from autorecon.objective import Observation, Request

Learner = Callable[[Tensor], Tensor]
"""The student as the images see it: images [N, C, H, W] to logits [N, classes], in eval mode."""


class Source(Protocol):
    """Images, and how they become better."""

    def make(self, student: Learner | None) -> tuple[Batch | None, dict[str, float]]:
        """One step; gives the batch that it made, if one is whole, and the losses."""

    def draw(self) -> Batch:
        """A batch to learn from."""

    def state_dict(self) -> dict[str, Any]:
        """All that the next call depends on, but for the random generator that is given."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""


def ask_uniformly(count: int, classes: int, random: torch.Generator) -> Request:
    """A class for each image, all equally likely, drawn on the CPU."""
    return Request(torch.randint(classes, (count,), generator=random))


def last_width(teacher: nn.Module, like: Tensor) -> int:
    """How many classes a teacher tells apart, by one look at `like` [1, C, H, W]."""
    with torch.no_grad():
        return int(teacher(like).shape[1])


def taught(observation: Observation) -> Batch:
    """The batch that an observation was of, without its graph."""
    images, logits = observation.images.detach(), observation.logits.detach()
    return Batch(images, observation.request, logits)
