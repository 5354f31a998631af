"""One iteration of GDFQ written as one writes it first: what `bench_nets.py` measures against.

Forward hooks note mean and variance of what enters each BatchNorm2d, by torch's own reductions; the
teacher's weights require gradients; rounding passes gradients on by a detached difference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from autorecon.compress.quantization.layers import (
    ActivationQuantizer,
    WeightQuantizer,
)


def quantized(x: Tensor, low: Tensor, high: Tensor, bits: int) -> Tensor:
    """GDFQ's quantizer with the straight-through estimator."""
    scale = (2**bits - 1) / (high - low).clamp_min(1e-8)
    zero = torch.round(scale * low) + 2 ** (bits - 1)
    levels = torch.clamp(torch.round(scale * x - zero), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return x + ((levels + zero) / scale - x).detach()


def _weight(weight: Tensor, bits: int, rounding: str) -> Tensor:
    rows = weight.detach().flatten(1)
    shape = (-1,) + (1,) * (weight.dim() - 1)
    low, high = rows.amin(1).view(shape), rows.amax(1).view(shape)
    if rounding == "plain":
        return quantized(weight, low, high, bits)
    rounded = quantized(weight - low, torch.zeros_like(low), high - low, bits)
    return rounded + (rows - rounded.detach().flatten(1)).mean(1).view(shape)


class PlainWeight(WeightQuantizer):
    def forward(self, weight: Tensor) -> Tensor:
        return self._whole(_weight(self.rows(weight), self.bits, self.rounding))


class PlainActivation(ActivationQuantizer):
    def forward(self, x: Tensor) -> Tensor:
        return quantized(x, self.low, self.high, self.bits)


PLAIN = {
    WeightQuantizer: PlainWeight,
    ActivationQuantizer: PlainActivation,
}


def plain_student(student: nn.Module) -> nn.Module:
    """The same student with plain operations, in place."""
    for module in student.modules():
        if type(module) in PLAIN:
            module.__class__ = PLAIN[type(module)]  # type: ignore[assignment]
    return student


class Reference:
    """Generator, teacher and student with optimisers of their own; a step gives its two losses."""

    def __init__(self, generator: nn.Module, teacher: nn.Module, student: nn.Module) -> None:
        self.generator, self.student = generator.train(), plain_student(student).eval()
        self.teacher = teacher.eval().requires_grad_(True)
        self.norms = [m for m in teacher.modules() if isinstance(m, nn.BatchNorm2d)]
        self.seen: list[tuple[Tensor, Tensor]] = []
        for norm in self.norms:
            norm.register_forward_hook(self._note())
        self.g = torch.optim.Adam(generator.parameters(), 1e-3, betas=(0.5, 0.999))
        self.s = torch.optim.SGD(
            student.parameters(), 1e-4, momentum=0.9, weight_decay=1e-4, nesterov=True
        )

    def _note(self) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            x = inputs[0]
            self.seen.append((x.mean([0, 2, 3]), x.var([0, 2, 3], unbiased=False)))

        return hook

    def step(self, z: Tensor, y: Tensor) -> tuple[float, float]:
        self.seen.clear()
        images = self.generator(z, y)
        logits = self.teacher(images)
        distance = torch.zeros(())
        for norm, (mean, variance) in zip(self.norms, self.seen, strict=True):
            distance = distance + F.mse_loss(mean, norm.running_mean)
            distance = distance + F.mse_loss(variance, norm.running_var)
        loss = F.cross_entropy(logits, y) + 0.1 * distance / len(self.norms)
        self.g.zero_grad()
        loss.backward()
        self.g.step()
        return float(loss.detach()), self._student_step(images.detach(), logits.detach(), y)

    def _student_step(self, images: Tensor, wanted: Tensor, y: Tensor) -> float:
        logits = self.student(images)
        soft = F.kl_div(F.log_softmax(logits / 20, 1), F.softmax(wanted / 20, 1), reduction="sum")
        soft = soft / logits.numel()
        loss = F.cross_entropy(logits, y) + 400 * soft
        self.s.zero_grad()
        loss.backward()
        self.s.step()
        return float(loss.detach())
