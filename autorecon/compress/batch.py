"""What a student is taught with, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from autorecon.nn.transfer import sent
from autorecon.objective import Request

if TYPE_CHECKING:
    from torch import Tensor

Maps = Mapping[int, "Tensor"]
"""Attention maps [N, positions] by the number of positions."""


@attrs.frozen(eq=False)
class Batch:
    """Images [N, C, H, W], what they were to show, and the teacher's logits [N, classes].

    Nothing of it carries a graph.
    """

    images: Tensor
    request: Request
    logits: Tensor

    def state(self) -> dict[str, Any]:
        """What students look at, as `runs.save_state` writes it; the noise is none of it."""
        request = attrs.evolve(self.request, noise=None).state()
        return {"images": self.images, "request": request, "logits": self.logits}

    @classmethod
    def of(cls, state: dict[str, Any]) -> Batch:
        return cls(**state | {"request": Request(**state["request"])})

    def part(self, which: slice) -> Batch:
        """Some of the images."""
        return Batch(self.images[which], self.request.part(which), self.logits[which])

    def on(self, device: str) -> Batch:
        """The same, all of it on a device."""
        images, logits = (sent(values, device) for values in (self.images, self.logits))
        return Batch(images, self.request.on(device), logits)


@attrs.frozen(eq=False)
class Answers:
    """The student's logits [N, classes] on a batch; both models' attention maps if asked for.

    `done` is the share of the student's steps that it has taken.
    """

    logits: Tensor
    maps: Maps = attrs.Factory(dict)
    teacher_maps: Maps = attrs.Factory(dict)
    done: float = 0.0
