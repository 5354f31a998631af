"""The teacher as the objective sees it: logits, and the statistics at its BatchNorm layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from autorecon.objective.observation import LayerStatistics
from autorecon.objective.statistics import batch_statistics


class TeacherView:
    """Calls a teacher and notes what enters its BatchNorm2d layers.

    The teacher is put into eval mode without gradients of its own, and otherwise left as it is:
    it carries hooks only while it is being called.
    """

    def __init__(self, teacher: nn.Module) -> None:
        self.teacher = teacher.eval().requires_grad_(False)
        self.layers = [layer for layer in teacher.modules() if _stores_statistics(layer)]

    def __call__(self, images: Tensor) -> tuple[Tensor, list[LayerStatistics]]:
        """Logits [N, classes] and one entry a BatchNorm2d CALL: a layer used twice counts twice."""
        with self._watch() as statistics:
            logits = self.teacher(images)
        return logits, statistics

    @contextmanager
    def _watch(self) -> Iterator[list[LayerStatistics]]:
        seen: list[LayerStatistics] = []
        hooks = [layer.register_forward_pre_hook(_note_into(seen)) for layer in self.layers]
        try:
            yield seen
        finally:
            for hook in hooks:
                hook.remove()


def _stores_statistics(layer: nn.Module) -> bool:
    return isinstance(layer, nn.BatchNorm2d) and layer.running_mean is not None


def _note_into(seen: list[LayerStatistics]) -> Callable[[nn.Module, tuple[Any, ...]], None]:
    def note(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        mean, variance = batch_statistics(inputs[0])
        stored = layer.get_buffer("running_mean"), layer.get_buffer("running_var")
        seen.append(LayerStatistics(mean, variance, *stored))

    return note
