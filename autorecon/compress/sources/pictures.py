"""Pictures that are themselves optimised, batch after batch, and kept to learn from."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autorecon.compress.batch import Batch
from autorecon.compress.config import CompressConfig
from autorecon.compress.sources.base import Learner, answered, ask_for, losses_of, making
from autorecon.compress.sources.parts import differentiate
from autorecon.nn import processes
from autorecon.nn.transfer import sent
from autorecon.objective import Objective, Request, TeacherView, Values


class Pictures:
    """Batches of pixels, each started as noise N(0, 1) and given `image_steps` steps of Adam."""

    def __init__(
        self,
        view: TeacherView,
        config: CompressConfig,
        shape: tuple[int, int, int],
        classes: int,
        random: torch.Generator,
        parts: int = 1,
    ) -> None:
        self.objective = Objective.parse(config.objective, has_student=True)
        self.labelled = self.objective.asks_classes
        self.batches: list[Batch] = []
        self._view, self._config, self.shape, self._classes = view, config, shape, classes
        self._random, self._parts = random, parts
        self._count = 0
        self._start(Request(torch.zeros(config.batch, dtype=torch.int64)))

    def _start(self, request: Request) -> None:
        """New pixels, drawn on the CPU, and an optimiser without a past."""
        device = self._view.compute.device
        pixels = torch.zeros(self._config.batch, *self.shape, device=device)
        self._request = request.on(device)
        self._pixels = pixels.requires_grad_()
        self._optimiser = torch.optim.Adam([self._pixels], self._config.image_lr)

    def make(self, student: Learner | None) -> tuple[Batch | None, Values]:
        """One step of the present batch, which is whole after the last of its steps."""
        if self._count == 0:
            count = self._config.batch
            self._start(
                ask_for(self._config, count, self._classes, self._view.teacher, self._random)
            )
            with torch.no_grad():
                drawn = torch.randn(self._pixels.shape, generator=self._random)
                self._pixels.copy_(sent(drawn, self._pixels.device))
        losses = self._step(student)
        self._count = (self._count + 1) % self._config.image_steps
        if self._count:
            return None, losses
        self.batches.append(self._finished())
        return self.batches[-1], losses

    def _step(self, student: Learner | None) -> Values:
        learner = student if self.objective.needs_student else None
        images = processes.part(self._shifted(self._pixels))
        self._optimiser.zero_grad()
        view = making(self._view, self._config, self._random)
        total, parts, _ = differentiate(
            self.objective, view, learner, images, self._request, self._parts
        )
        self._optimiser.step()
        return losses_of("images", total, parts)

    def _shifted(self, images: Tensor) -> Tensor:
        most = self._config.recipe.jitter
        if not most:
            return images
        down, right = torch.randint(-most, most + 1, (2,), generator=self._random).tolist()
        return images.roll((down, right), (2, 3))

    @torch.no_grad()
    def _finished(self) -> Batch:
        images = self._pixels.detach().clone()
        return Batch(images, self._request, answered(self._view, images))

    @torch.no_grad()
    def draw(self) -> Batch:
        """As many images as a batch has, drawn from all pictures that are whole."""
        count = self._config.batch
        chosen = torch.randint(count * len(self.batches), (count,), generator=self._random)
        # Picked one by one: all pictures together may take most of a machine's memory.
        picked = [(self.batches[i // count], i % count) for i in chosen.tolist()]
        images = torch.stack([batch.images[row] for batch, row in picked])
        logits = torch.stack([batch.logits[row] for batch, row in picked])
        labels = torch.stack([batch.request.labels[row] for batch, row in picked])
        targets = [b.request.targets[row] for b, row in picked if b.request.targets is not None]
        drawn = torch.stack([batch.request.labels_here[row] for batch, row in picked])
        request = Request(labels, torch.stack(targets) if targets else None, drawn=drawn)
        if not self._config.recipe.jitter:
            return Batch(images, request, logits)
        # A few pictures go further when each is seen shifted, as it was when it was made.
        shifted = self._shifted(images)
        return Batch(shifted, request, answered(self._view, shifted))

    def state_dict(self) -> dict[str, Any]:
        return {
            "batches": [batch.state() for batch in self.batches],
            "pixels": self._pixels.detach(),
            "request": self._request.state(),
            "optimiser": self._optimiser.state_dict(),
            "count": self._count,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        device = self._view.compute.device
        self.batches = [Batch.of(values).on(device) for values in state["batches"]]
        self._start(Request(**state["request"]))
        with torch.no_grad():
            self._pixels.copy_(state["pixels"])
        if "optimiser" in state:
            self._optimiser.load_state_dict(state["optimiser"])
        self._count = state["count"]
