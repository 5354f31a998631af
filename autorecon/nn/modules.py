"""Modules that torch has not: vectors to any shape, and what a class or a position decides."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from autorecon.lang import Shape
from autorecon.lang.shapes import elements


class Linear(nn.Linear):
    """Fully connected, from and to any shape: [N, *source] -> [N, *out]."""

    def __init__(self, source: Shape, out: Shape, bias: bool) -> None:
        super().__init__(elements(source), elements(out), bias)
        self.out = tuple(out)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.flatten(1)).unflatten(1, self.out)


class Embed(nn.Embedding):
    """One learned vector (or feature map) a class: int64 [N] -> [N, *out], N(0, 1) at the start."""

    def __init__(self, source: Shape, out: Shape) -> None:
        classes = source[0]  # a Label
        super().__init__(classes, elements(out))
        self.out = tuple(out)

    def forward(self, y: Tensor) -> Tensor:
        return super().forward(y).unflatten(1, self.out)


class ConditionalBatchNorm(nn.Module):
    """Batch normalisation whose factor (1 at the start) and offset (0) are those of a class.

    Statistics are shared by all classes. x [N, C, ...], y int64 [N] -> [N, C, ...].
    """

    def __init__(self, source: Shape, classes: int, eps: float, momentum: float) -> None:
        super().__init__()
        kind = nn.BatchNorm2d if len(source) == 3 else nn.BatchNorm1d
        self.bn = kind(source[0], eps=eps, momentum=momentum, affine=False)
        self.gamma = nn.Embedding(classes, source[0])
        self.beta = nn.Embedding(classes, source[0])
        nn.init.ones_(self.gamma.weight)
        nn.init.zeros_(self.beta.weight)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.scaled(self.bn(x), y)

    def scaled(self, normalised: Tensor, y: Tensor) -> Tensor:
        shape = (*normalised.shape[:2], *[1] * (normalised.dim() - 2))
        factor, offset = (t(y).view(shape).to(normalised.dtype) for t in (self.gamma, self.beta))
        return factor * normalised + offset


def norm_of_copies(bn: nn.Module, x: Tensor, copies: int) -> Tensor:
    """Batch normalisation of x [N, C, ...] as if every position were there `copies` times.

    Its mean and biased variance are the same, but the running variance is of the unbiased one.
    """
    assert isinstance(bn, nn.BatchNorm1d | nn.BatchNorm2d)
    if not bn.training or bn.running_var is None or bn.momentum is None:
        return bn(x)
    # Backward keeps the variance that it is given, so the buffer itself must not be that.
    moved = bn.running_var.clone()
    out = F.batch_norm(x, bn.running_mean, moved, bn.weight, bn.bias, True, bn.momentum, bn.eps)
    count = x.numel() // x.shape[1]
    past = (1 - bn.momentum) * bn.running_var
    found = past + (moved - past) * (copies * (count - 1) / (copies * count - 1))
    # Torch's own norms do not tell autograd either: another call of this one may have kept it.
    bn.running_var.data.copy_(found)
    bn.get_buffer("num_batches_tracked").add_(1)
    return out


class Attention(nn.Module):
    """Self-attention over positions (Zhang et al., 2019): x + gamma * attended, gamma 0 at first.

    Queries and keys have an eighth of the channels, values half. [N, C, H, W] -> the same.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, channels // 8, 1, bias=False)
        self.key = nn.Conv2d(channels, channels // 8, 1, bias=False)
        self.value = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.out = nn.Conv2d(channels // 2, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (layer(x).flatten(2) for layer in (self.query, self.key, self.value))
        scores = query.transpose(1, 2) @ key  # [N, from, to]
        weights = scores.softmax(-1, dtype=torch.promote_types(scores.dtype, torch.float32))
        attended = value @ weights.transpose(1, 2)
        return x + self.gamma * self.out(attended.unflatten(2, x.shape[2:]))
