"""Swing convolutions: a teacher that strides starts from another pixel each time it is asked.

Jeon et al., Genie: Show Me the Data for Quantization, CVPR 2023. A convolution of stride 2 reads
some pixels more often than others, and so do gradients on the way back to the images.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from torch.overrides import TorchFunctionMode

MOST = 1
"""Pixels by which maps are shifted at most, either way."""


class Swing(TorchFunctionMode):
    """While it is entered, what a 2d convolution with a stride above 1 takes is shifted by up to a
    pixel, with reflected borders; all images of a batch alike, and the same way for one `seed`."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        # On the CPU, so that a seed means the same on every device.
        self._random = torch.Generator().manual_seed(seed)

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is torch.conv2d and _strides(args, kwargs):
            named = {name: value for name, value in kwargs.items() if name != "input"}
            maps, *rest = args or (kwargs["input"],)
            return func(self._shifted(maps), *rest, **named)
        return func(*args, **kwargs)

    def _shifted(self, maps: Tensor) -> Tensor:
        """Maps [..., H, W] of two pixels each way at least; smaller ones as they are."""
        height, width = maps.shape[-2:]
        if min(height, width) <= MOST:
            return maps
        top, left = torch.randint(2 * MOST + 1, (2,), generator=self._random).tolist()
        padded = pad(maps, (MOST, MOST, MOST, MOST), mode="reflect")
        return padded[..., top : top + height, left : left + width]


def _strides(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    stride = args[3] if len(args) > 3 else kwargs.get("stride", 1)
    return max(stride) > 1 if isinstance(stride, tuple | list) else stride > 1
