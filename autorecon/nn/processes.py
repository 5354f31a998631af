"""Several processes that take the steps of one, each with its share of every batch.

All of them draw the same noise, labels and architectures, those of the whole batch, and make the
images of their own share. What a loss looks at is gathered, so that it is everywhere the loss of
the whole batch, and every term is right whatever it does with the images. What is differentiated is
the mean of the processes' losses: gradients are averaged before an optimiser's step, as
DistributedDataParallel has it. Where a step is not shared, nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import torch
from torch import Tensor
from torch import distributed as dist
from torch.optim.optimizer import register_optimizer_step_pre_hook


class LostProcessError(RuntimeError):
    """Another process has ended, or answers no more: this one cannot go on alone."""

    exit_code = 1


@attrs.define
class Processes:
    """The processes of torch's default group, and which one this is; `images` of the batch that is
    being worked on are its own."""

    rank: int = 0
    size: int = 1
    images: int = 0

    @property
    def own(self) -> slice:
        """Where in the batch its images are."""
        return slice(self.rank * self.images, (self.rank + 1) * self.images)


_ALONE = Processes()
_now = _ALONE


def now() -> Processes:
    """Those that the present step is shared by."""
    return _now


@contextmanager
def shared_by(processes: Processes) -> Iterator[None]:
    """Optimisers within step by the gradient of the whole batch."""
    global _now
    before, _now = _now, processes
    hook = register_optimizer_step_pre_hook(lambda optimiser, *_: _average(optimiser))
    try:
        yield
    finally:
        hook.remove()
        _now = before


@contextmanager
def alone() -> Iterator[None]:
    """What one process does by itself in a shared step; torch's random state is left as it is."""
    with shared_by(_ALONE), torch.random.fork_rng(devices=[]):
        yield


def own_share(images: int) -> slice:
    """Which of a batch's images are this process's; there are as many for each."""
    _now.images = images // _now.size
    return _now.own


def part(values: Tensor) -> Tensor:
    """Of values [N, ...] of a batch, those of this process's images."""
    return values if _now.size == 1 else values[own_share(len(values))]


def whole(values: Tensor) -> Tensor:
    """Of the values of each process's images, those of the batch."""
    return values if _now.size == 1 else gather(values).flatten(0, 1)


def gather(values: Tensor) -> Tensor:
    """Values of every process [size, ...]; a loss that is made of them must be so everywhere."""
    gathered: Tensor = _Gather.apply(values)
    return gathered


def mean(loss: Tensor) -> Tensor:
    """The loss of the batch, by the means over each process's images."""
    if _now.size == 1:
        return loss
    found: Tensor = _Mean.apply(loss)
    return found


class _Gather(torch.autograd.Function):
    """All processes have the same gradient, and what is differentiated is the mean of them all."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return gathered(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient[_now.rank] * _now.size


class _Mean(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, loss: Tensor) -> Tensor:
        return summed(loss).div_(_now.size)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient


def gathered(values: Tensor) -> Tensor:
    """Values of every process [size, ...], without a graph."""
    values = values.detach().contiguous()
    # As a list, which gloo takes of any device; into one tensor it takes those of the CPU alone.
    found = [torch.empty_like(values) for _ in range(_now.size)]
    asking(dist.all_gather, found, values)
    return torch.stack(found)


def summed(values: Tensor) -> Tensor:
    """A copy of values, added up over all processes, without a graph."""
    total = values.detach().clone()
    asking(dist.all_reduce, total)
    return total


def asking(collective: Callable[..., object], *arguments: Any, **options: Any) -> None:
    """Call one of torch's collectives; LostProcessError where that fails."""
    try:
        collective(*arguments, **options)
    except RuntimeError as error:
        reason = str(error).strip().partition("\n")[0]
        raise LostProcessError(
            f"another process of the run ended, or answers no more; torch says: {reason}"
        ) from error


def _average(optimiser: torch.optim.Optimizer) -> None:
    """Gradients become the means over all processes: one message for all of a type."""
    if _now.size == 1:
        return
    parameters = (p for group in optimiser.param_groups for p in group["params"])
    gradients = [p.grad for p in parameters if p.grad is not None]
    for kind in dict.fromkeys(g.dtype for g in gradients):
        alike = [g for g in gradients if g.dtype == kind]
        flat = torch.cat([g.flatten() for g in alike])
        asking(dist.all_reduce, flat)
        flat.div_(_now.size)
        for gradient, mean_ in zip(alike, flat.split([g.numel() for g in alike]), strict=True):
            gradient.copy_(mean_.view_as(gradient))
