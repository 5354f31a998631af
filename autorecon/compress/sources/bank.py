"""A memory of images that were made, from which a student learns again and again."""

from __future__ import annotations

from collections import deque
from typing import Any

import torch
from torch import Tensor

from autorecon.compress.batch import Batch
from autorecon.objective import Request


class Bank:
    """The newest `most` batches of one size; older ones make room for them."""

    def __init__(self, most: int) -> None:
        self.batches: deque[Batch] = deque(maxlen=most)

    def add(self, batch: Batch) -> None:
        self.batches.append(batch)

    def draw(self, count: int, random: torch.Generator) -> tuple[Tensor, Request]:
        """So many of all images [count, C, H, W], each as likely, and what they were to show."""
        size = len(self.batches[0].images)
        chosen = torch.randint(size * len(self.batches), (count,), generator=random).tolist()
        # Picked one by one: all images together may take most of a machine's memory.
        picked = [(self.batches[i // size], i % size) for i in chosen]
        images = torch.stack([batch.images[row] for batch, row in picked])
        labels = torch.stack([batch.request.labels_here[row] for batch, row in picked])
        return images, Request(labels).on(images.device)

    def state_dict(self) -> dict[str, Any]:
        return {"batches": [batch.state() for batch in self.batches]}

    def load_state_dict(self, state: dict[str, Any], device: str) -> None:
        self.batches.clear()
        self.batches.extend(Batch.of(values).on(device) for values in state["batches"])
