"""How nets are computed: on which device, in which precision, and how maps lie in memory."""

from __future__ import annotations

from typing import Any

import attrs
import torch
from torch import Tensor, nn

_LOW = (torch.float16, torch.bfloat16)


@attrs.frozen
class Compute:
    """Of one stage; the same numbers up to rounding, whatever is chosen.

    With `bf16` convolutions and products of matrices take and give bfloat16, and so does what lies
    between them. Parameters, their gradients, statistics of norms and whatever is made of a net's
    answers stay in float32. `channels_last` is how weights of convolutions, and hence maps, lie in
    memory.
    """

    bf16: bool = False
    channels_last: bool = False
    device: str = "cpu"

    def place(self, net: nn.Module) -> None:
        """Move parameters and buffers to where, and into the order in which, they are computed."""
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        net.to(self.device, memory_format=layout)  # type: ignore[call-overload]

    def __call__(self, net: nn.Module, *inputs: Any) -> Tensor:
        """What a net gives for its inputs, with a graph, in no less than float32."""
        if not self.bf16:
            out: Tensor = net(*inputs)
            return out
        with torch.autocast(torch.device(self.device).type, torch.bfloat16):
            return at_least_float32(net(*inputs))


def at_least_float32(x: Tensor) -> Tensor:
    """x itself, or in float32 where it has fewer bits."""
    return x.float() if x.dtype in _LOW else x


def computed_in(x: Tensor) -> torch.dtype:
    """What a convolution of x computes in: under autocast, what that says of float32."""
    device = x.device.type
    if x.dtype == torch.float32 and torch.is_autocast_enabled(device):
        return torch.get_autocast_dtype(device)
    return x.dtype
