"""What a source of images offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from autorecon.compress.batch import Batch
from autorecon.compress.config import CompressConfig
from autorecon.nn import processes
from autorecon.objective import Observation, Request, TeacherView, Values

Learner = Callable[[Tensor], Tensor]
"""The student as the images see it: images [N, C, H, W] to logits [N, classes], in eval mode."""


class Source(Protocol):
    """Images, and how they become better; `labelled` if an image shows what was asked for."""

    labelled: bool

    def make(self, student: Learner | None) -> tuple[Batch | None, Values]:
        """One step; gives the batch that it made, if one is whole, and the losses."""

    def draw(self) -> Batch:
        """A batch to learn from."""

    def state_dict(self) -> dict[str, Any]:
        """All that the next call depends on, but for the random generator that is given."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""


def ask_for(
    config: CompressConfig, count: int, classes: int, teacher: nn.Module, random: torch.Generator
) -> Request:
    """What `count` images shall show: as the method has it, or a class each, all equally likely.

    All of it is drawn on the CPU, so that a seed means the same on every device.
    """
    ask = config.recipe.ask
    if ask is not None:
        return ask(count, classes, teacher, random)
    return Request(torch.randint(classes, (count,), generator=random))


def losses_of(who: str, total: Tensor, parts: Values) -> Values:
    """The losses of one step under the names that metrics.jsonl has for them."""
    losses = {"total": total.detach(), **parts}
    return {f"{who}.{name}": value for name, value in losses.items()}


def answered(view: TeacherView, images: Tensor) -> Tensor:
    """The teacher's logits [N, classes] of a whole batch, each process asking of its share."""
    return processes.whole(view.answers(processes.part(images)))


def taught(observation: Observation) -> Batch:
    """The batch that an observation was of, without its graph."""
    images, logits = observation.images.detach(), observation.logits.detach()
    return Batch(images, observation.request, logits)


def making(view: TeacherView, config: CompressConfig, random: torch.Generator) -> TeacherView:
    """The teacher as images that are made meet it, for one step: swung, if that is asked for."""
    if not config.swing:
        return view
    return view.swung(int(torch.randint(2**31, (), generator=random)))
