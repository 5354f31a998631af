"""What a layer multiplies with its weights, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, fx
from torch.nn import functional as F

from autorecon.compress.quantization.calls import (
    WeightedCall,
    argument,
    groups_of,
    is_transposed,
)
from autorecon.compress.quantization.operations import CONVOLUTIONS, operation

ROWS = 16384
"""Rows of a layer, of places that are drawn where there are more: a few times as many as the widest
layers have inputs."""


def has_factors(call: WeightedCall) -> bool:
    """Whether a call is a linear layer or a convolution of images, plain, grouped or depthwise."""
    name = operation(call.node)
    flat = name in CONVOLUTIONS and len(call.weight.meta["shape"]) == 4
    return name == "linear" or (flat and not is_transposed(call.node))


def factors(call: WeightedCall, values: Tensor, kernel: Sequence[int]) -> Tensor:
    """Rows [groups, rows, inputs of a group] that a weight of a shape, [out, in of a group, height,
    width] or [out, in], is multiplied with; of values [N, C, H, W] or [..., C]."""
    random = torch.Generator().manual_seed(0)
    if operation(call.node) == "linear":
        return _drawn(values.reshape(1, -1, values.shape[-1]), ROWS, random)
    groups, each = groups_of(call.node), max(1, ROWS // len(values))
    rows = [
        _drawn(_patches(call.node, image, kernel, groups), each, random)
        for image in values.split(1)
    ]
    return torch.cat(rows, 1)


def _patches(node: fx.Node, image: Tensor, kernel: Sequence[int], groups: int) -> Tensor:
    """[groups, places, in of a group * height * width] of an image [1, C, H, W]."""
    stride, padding, dilation = (argument(node, i, _NAMES[i]) for i in _NAMES)
    size, dilation = tuple(kernel[2:]), _pair(dilation or 1)
    if padding == "same":
        spare = [d * (k - 1) for k, d in zip(size, dilation, strict=True)]
        top, left = (total // 2 for total in spare)
        image, padding = F.pad(image, (left, spare[1] - left, top, spare[0] - top)), 0
    around = _pair(0 if padding in (None, "valid") else padding)
    found = F.unfold(image, size, dilation, around, _pair(stride or 1))
    return found[0].unflatten(0, (groups, -1)).transpose(1, 2)


_NAMES = {3: "stride", 4: "padding", 5: "dilation"}


def _pair(value: Any) -> tuple[int, int]:
    """Of a number, or of one or two of them."""
    both = tuple(value) if isinstance(value, Sequence) else (value,)
    return both[0], both[-1]


def _drawn(rows: Tensor, most: int, random: torch.Generator) -> Tensor:
    """At most so many of the rows [groups, rows, ...], the same of values of one shape. Not every
    so-manieth: of an image 32 wide every 32nd place is one column, that at its edge."""
    count = rows.shape[1]
    if count <= most:
        return rows
    chosen = torch.randperm(count, generator=random)[:most].sort().values
    return rows[:, chosen.to(rows.device)]
