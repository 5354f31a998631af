"""The teacher as the objective sees it: logits, and what passes through its layers."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import attrs
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from autorecon.nn import Compute, at_least_float32
from autorecon.objective.checkpointing import without_checkpointing
from autorecon.objective.errors import ObjectiveError
from autorecon.objective.observation import LayerStatistics, Observation, Request
from autorecon.objective.statistics import batch_statistics, norm_and_statistics
from autorecon.objective.swing import Swing


@attrs.define(eq=False)
class _Seen:
    statistics: list[LayerStatistics] = attrs.Factory(list)
    features: Tensor | None = None


class TeacherView:
    """Calls a teacher, and notes what enters its BatchNorm layers and its last Linear layer.

    The teacher is put into eval mode without gradients of its own, and otherwise left as it is:
    it is watched only while it is being called, and then nothing of it is checkpointed. `compute`
    is how it, and whatever makes images for it, is computed.
    """

    def __init__(self, teacher: nn.Module, compute: Compute = Compute()) -> None:
        self.teacher, self.compute = teacher.eval().requires_grad_(False), compute
        self.layers = [layer for layer in teacher.modules() if stores_statistics(layer)]
        self.last = last_linear(teacher)
        self._swing: int | None = None

    def swung(self, seed: int) -> TeacherView:
        """The same, whose strided convolutions are shifted while it is looked at, by `seed`."""
        other = copy.copy(self)
        other._swing = seed
        return other

    def __call__(self, images: Tensor, request: Request) -> Observation:
        """What the teacher makes of images [N, C, H, W] that were asked for by `request`.

        There is one entry of statistics a BatchNorm CALL: a layer used twice counts twice.
        Raises ObjectiveError where the teacher computes without gradients what they are needed of.
        """
        swing = nullcontext() if self._swing is None else Swing(self._swing)
        with self._watch() as seen, without_checkpointing(), swing:
            logits = self.answers(images)
        if images.requires_grad and torch.is_grad_enabled():
            _require_gradients(seen.statistics)
        return Observation(images, request, logits, seen.statistics, seen.features)

    def answers(self, images: Tensor) -> Tensor:
        """Logits [N, classes] alone."""
        return self.compute(self.teacher, images)

    @contextmanager
    def _watch(self) -> Iterator[_Seen]:
        seen = _Seen()
        plain = [layer for layer in self.layers if _is_plain(layer)]
        others = [layer for layer in self.layers if layer not in plain]
        hooks = [layer.register_forward_pre_hook(_note_statistics(seen)) for layer in others]
        if self.last is not None:
            hooks.append(self.last.register_forward_pre_hook(_note_features(seen)))
        for layer in plain:
            vars(layer)["forward"] = _noting(layer, seen)
        try:
            yield seen
        finally:
            for layer in plain:
                del vars(layer)["forward"]
            for hook in hooks:
                hook.remove()


def stores_statistics(layer: nn.Module) -> bool:
    """Whether this layer norms by channels, and keeps the statistics of the training data.

    Such are torch's BatchNorm layers of all dimensions, also SyncBatchNorm, which is one in eval
    mode, their subclasses, and frozen ones, which torchvision and others have as buffers alone.
    """
    stored = (getattr(layer, name, None) for name in ("running_mean", "running_var", "eps"))
    mean, variance, eps = stored
    return (
        isinstance(mean, Tensor)
        and isinstance(variance, Tensor)
        and eps is not None
        and not isinstance(layer, _InstanceNorm)
    )


def last_linear(teacher: nn.Module) -> nn.Linear | None:
    """The Linear layer that is registered last, by convention the one that gives the logits."""
    layers = [layer for layer in teacher.modules() if isinstance(layer, nn.Linear)]
    return layers[-1] if layers else None


def lacking(teacher: nn.Module, needs: Iterable[str]) -> list[str]:
    """Those of `needs`, names of NEEDS, that this teacher has not."""
    has = {
        "statistics": any(stores_statistics(layer) for layer in teacher.modules()),
        "features": last_linear(teacher) is not None,
    }
    return [need for need in dict.fromkeys(needs) if not has[need]]


def _require_gradients(statistics: list[LayerStatistics]) -> None:
    if all(layer.mean.requires_grad for layer in statistics):
        return
    raise ObjectiveError(
        "a BatchNorm layer of the teacher computes without gradients: its forward pass may not be "
        "within torch.no_grad(), nor detach what it computes"
    )


def _is_plain(layer: nn.Module) -> bool:
    """Whether calling it computes what torch's own class does, and nothing else."""
    own = type(layer).forward, "forward" in vars(layer)
    return own in [(_BatchNorm.forward, False), (nn.SyncBatchNorm.forward, False)]


def _noting(layer: nn.Module, seen: _Seen) -> Callable[[Tensor], Tensor]:
    """The layer's forward pass, which takes the statistics on the way."""

    def forward(features: Tensor) -> Tensor:
        out, mean, variance = norm_and_statistics(features, layer)
        seen.statistics.append(_beside_stored(layer, mean, variance))
        return out

    return forward


def _note_statistics(seen: _Seen) -> Callable[[nn.Module, tuple[Any, ...]], None]:
    def note(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        seen.statistics.append(_beside_stored(layer, *batch_statistics(inputs[0])))

    return note


def _beside_stored(layer: nn.Module, mean: Tensor, variance: Tensor) -> LayerStatistics:
    stored: Any = layer
    return LayerStatistics(mean, variance, stored.running_mean, stored.running_var)


def _note_features(seen: _Seen) -> Callable[[nn.Module, tuple[Any, ...]], None]:
    def note(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        seen.features = at_least_float32(inputs[0])

    return note
