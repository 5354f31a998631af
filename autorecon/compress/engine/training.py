"""The student's steps: loss, optimiser and learning rate."""

from __future__ import annotations

import math
from typing import Any

import attrs
import torch
from torch import Tensor

from autorecon.compress.batch import Answers, Batch
from autorecon.compress.config import CompressConfig
from autorecon.compress.engine.attention import watch_attention
from autorecon.compress.engine.comparison import Comparison
from autorecon.compress.engine.low_pass import low_pass
from autorecon.compress.methods.losses import total
from autorecon.compress.methods.method import Losses
from autorecon.compress.student import Student
from autorecon.nn import processes
from autorecon.objective import TeacherView, Values


class Training:
    """Teaches a student by a method's loss, at a learning rate that falls as half a cosine."""

    def __init__(
        self,
        student: Student,
        view: TeacherView,
        config: CompressConfig,
        parts: int = 1,
        comparison: Comparison | None = None,
    ) -> None:
        self._parts = parts if student.is_steady else 1
        self.student, self._view, self.config = student, view, config
        self.method = config.recipe
        self._comparison = comparison
        self._done = 0.0
        self.optimiser = _optimiser(student, config)

    def step(self, batch: Batch, index: int) -> Values:
        """Step `index` on a batch; gives the losses."""
        self._done = done = index / self.config.steps
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.rate * (1 + math.cos(math.pi * done)) / 2
        self.optimiser.zero_grad()
        values = self._differentiate(batch)
        if self.method.update:
            self.method.update(self.student, self.optimiser, self.config, done)
        else:
            self.optimiser.step()
        return {f"student.{name}": value for name, value in values.items()}

    def _differentiate(self, batch: Batch) -> dict[str, Tensor]:
        """Add up gradients and losses of parts of the batch: losses are means over images."""
        found: dict[str, Tensor] = {}
        if processes.now().size > 1:
            batch = batch.part(processes.own_share(len(batch.images)))
        count = len(batch.images)
        size = -(-count // self._parts)
        for at in range(0, count, size):
            part = batch.part(slice(at, at + size)) if size < count else batch
            share = len(part.images) / count
            values = self._taught(self._as_shown(part), share)
            if share == 1:
                return values
            # As Python's numbers are added up.
            parts = {name: share * value.double() for name, value in values.items()}
            found = {name: found[name] + v for name, v in parts.items()} if found else parts
        return found

    def shown(self, images: Tensor) -> Tensor:
        """Images as a student sees them."""
        return low_pass(images, self.config.low_pass) if self.config.low_pass else images

    def _as_shown(self, batch: Batch) -> Batch:
        return self._asked(batch, self.shown(batch.images)) if self.config.low_pass else batch

    @torch.no_grad()
    def _asked(self, batch: Batch, images: Tensor) -> Batch:
        """The same with other images, of which the teacher is asked anew."""
        return attrs.evolve(batch, images=images, logits=self._view.answers(images))

    def _taught(self, batch: Batch, share: float) -> dict[str, Tensor]:
        """Add up gradients of a batch, so much of the whole one; gives the losses.

        With `perturbation`, also of images that are a step harder: L(x) + L(x + e sign dL/dx), the
        second as `student.perturbed` (Li et al., HAST, CVPR 2023, sample difficulty promotion).
        """
        if not self.config.perturbation:
            return self._add(batch, share)
        images = batch.images.detach().requires_grad_()
        seen = attrs.evolve(batch, images=images, logits=self._view.answers(images))
        values = self._add(seen, share)
        assert images.grad is not None
        step = self.config.perturbation * images.grad.sign()
        harder = self._add(self._asked(batch, images.detach() + step), share)
        return values | {"perturbed": harder["total"]}

    def _add(self, batch: Batch, share: float) -> dict[str, Tensor]:
        loss, values = total(self._losses(batch))
        (loss * share if share < 1 else loss).backward()
        return values

    def answers(self, images: Tensor) -> tuple[Tensor, Losses]:
        """Logits [N, classes] of the student as it learns, and what else of it is to be small."""
        if self._comparison is None:
            return self._view.compute(self.student.learning(), images), {}
        return self._comparison(images)

    def _losses(self, batch: Batch) -> Losses:
        """Those of the batch that all processes have a part of."""
        losses = self._own_losses(batch)
        return {name: (weight, processes.mean(loss)) for name, (weight, loss) in losses.items()}

    def _own_losses(self, batch: Batch) -> Losses:
        assert self.method.loss is not None
        if self.method.attends:
            return self.method.loss(self._attentive(batch), batch, self.config)
        with self.student.dropping(self.config.dropped):
            logits, others = self.answers(batch.images)
        answers = Answers(logits, done=self._done)
        return self.method.loss(answers, batch, self.config) | others

    def _attentive(self, batch: Batch) -> Answers:
        module, compute = self.student.learning(), self._view.compute
        with watch_attention(self._view.teacher) as taught, torch.no_grad():
            self._view.answers(batch.images)
        with watch_attention(module) as found:
            logits = compute(module, batch.images)
        return Answers(logits, found, taught)

    def state_dict(self) -> dict[str, Any]:
        return {
            "student": self.student.module.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.student.module.load_state_dict(state["student"])
        if "optimiser" in state:
            self.optimiser.load_state_dict(state["optimiser"])


def _optimiser(student: Student, config: CompressConfig) -> torch.optim.Optimizer:
    parameters = student.module.parameters()
    if config.recipe.optimiser == "adam":
        return torch.optim.Adam(
            parameters, config.rate, weight_decay=config.weight_decay, fused=True
        )
    return torch.optim.SGD(
        parameters,
        config.rate,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
        nesterov=config.momentum > 0,
        fused=True,
    )
