"""The modules that a quantized model consists of beside the teacher's own."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from autorecon.compress.quantization.ranges import RANGES
from autorecon.compress.quantization.rounding import fake_quantize, quantize_weight

Size = tuple[int, int]

BETA = 0.9
"""Share of the past in the moving average of a range."""


class ActivationQuantizer(nn.Module):
    """Quantizes one activation, per tensor.

    While it observes, its range follows the batches by a moving average that starts at the first
    of them; frozen, it keeps the range. The state is all in buffers.
    """

    low: Tensor
    high: Tensor
    initialised: Tensor

    def __init__(self, bits: int, ranges: str) -> None:
        super().__init__()
        self.bits = bits
        self.ranges = ranges
        self._ends = RANGES[ranges].ends
        self.observing = True
        self.register_buffer("low", torch.zeros(()))
        self.register_buffer("high", torch.zeros(()))
        self.register_buffer("initialised", torch.zeros((), dtype=torch.bool))

    def forward(self, x: Tensor) -> Tensor:
        if self.observing:
            self._observe(x.detach())
        return fake_quantize(x, self.low, self.high, self.bits)

    def _observe(self, x: Tensor) -> None:
        past = BETA if self.initialised else 0.0
        low, high = self._ends(x, self.bits)
        self.low.mul_(past).add_(low, alpha=1 - past)
        self.high.mul_(past).add_(high, alpha=1 - past)
        self.initialised.fill_(True)

    def extra_repr(self) -> str:
        return f"bits={self.bits}, ranges={self.ranges}"


class QuantizedLayer(nn.Module):
    """A layer that computes with its weight quantized; parameters keep their names."""

    weight: Tensor
    bits: int
    rounding: str

    def quantized_weight(self) -> Tensor:
        return quantize_weight(self.weight, self.bits, self.rounding)


class QuantizedConv2d(QuantizedLayer, nn.Conv2d):
    @classmethod
    def of(cls, conv: nn.Conv2d, bits: int, rounding: str) -> QuantizedConv2d:
        """One that shares the parameters of `conv`."""
        quantized = cls(
            conv.in_channels, conv.out_channels, cast(Size, conv.kernel_size),
            cast(Size, conv.stride), cast("str | Size", conv.padding), cast(Size, conv.dilation),
            conv.groups, conv.bias is not None, conv.padding_mode, device="meta",
        )  # fmt: skip
        quantized.weight, quantized.bias = conv.weight, conv.bias
        quantized.bits, quantized.rounding = bits, rounding
        return quantized

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.quantized_weight(), self.bias)


class QuantizedLinear(QuantizedLayer, nn.Linear):
    @classmethod
    def of(cls, linear: nn.Linear, bits: int, rounding: str) -> QuantizedLinear:
        """One that shares the parameters of `linear`."""
        has_bias = linear.bias is not None
        quantized = cls(linear.in_features, linear.out_features, has_bias, device="meta")
        quantized.weight, quantized.bias = linear.weight, linear.bias
        quantized.bits, quantized.rounding = bits, rounding
        return quantized

    def forward(self, input: Tensor) -> Tensor:
        return nn.functional.linear(input, self.quantized_weight(), self.bias)
