"""Pixels drawn anew for each batch, which nothing makes any better."""

from __future__ import annotations

from typing import Any

import torch

from autorecon.compress.batch import Batch
from autorecon.compress.sources.base import Learner, answered
from autorecon.nn.transfer import sent
from autorecon.objective import Request, TeacherView, Values


class Noise:
    """Batches [batch, *shape] of N(0, 1), which show no class."""

    labelled = False

    def __init__(
        self, view: TeacherView, batch: int, shape: tuple[int, int, int], random: torch.Generator
    ) -> None:
        self._view, self._random = view, random
        self._size = (batch, *shape)

    def make(self, student: Learner | None) -> tuple[Batch | None, Values]:
        raise RuntimeError("noise is not made better by steps")

    @torch.no_grad()
    def draw(self) -> Batch:
        """Drawn on the CPU, so that a seed means the same on every device."""
        device = self._view.compute.device
        images = sent(torch.randn(self._size, generator=self._random), device)
        request = Request(torch.zeros(len(images), dtype=torch.int64)).on(device)
        return Batch(images, request, answered(self._view, images))

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass
