"""What stands in a quantized model's graph beside the teacher's own calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from autorecon.compress.quantization.bit_packing import pack_bits, unpack_bits
from autorecon.compress.quantization.ranges import RANGES
from autorecon.compress.quantization.rounding import (
    Encoded,
    decode_weight,
    encode_weight,
    fake_quantize,
    held_grid,
    multiple,
    quantize_weight,
    weight_scale,
)

BETA = 0.9
"""Share of the past in the moving average of a range."""


LEAST = 1 / 16
"""Share of the widest range that each channel's has at least: what is silent on images of a
generator need not be so on others."""


class ActivationQuantizer(nn.Module):
    """Quantizes one activation, per tensor, or per channel where values [N, C, ...] are given a
    range for each of so many `channels`, as `shape` [C, 1, ...].

    While it observes, its range follows the batches by a moving average that starts at the first
    of them; frozen, it keeps the range. The state is all in buffers. With `integer`, and where
    channels have their own, the range has zero in it, so that zero is a level. `holds` are ends
    that a range is at least as wide as, whatever is observed. A share of the values that is
    `dropped` stays as it is, by chance.
    """

    low: Tensor
    high: Tensor
    initialised: Tensor

    def __init__(
        self, bits: int, ranges: str, integer: bool = False, shape: tuple[int, ...] = ()
    ) -> None:
        super().__init__()
        self.bits, self.integer = bits, integer
        self.ranges = ranges
        self._ends = RANGES[ranges].ends
        self.observing = True
        self.dropped = 0.0
        self.holds: tuple[Tensor, Tensor] | None = None
        self.register_buffer("low", torch.zeros(shape))
        self.register_buffer("high", torch.zeros(shape))
        self.register_buffer("initialised", torch.zeros((), dtype=torch.bool))

    @property
    def by_channel(self) -> bool:
        return self.low.dim() > 0

    def forward(self, x: Tensor) -> Tensor:
        if self.observing:
            self._observe(x.detach())
        quantized = fake_quantize(x, self.low, self.high, self.bits)
        if not self.dropped:
            return quantized
        # Drawn on the CPU, so that a seed means the same everywhere.
        left = torch.rand(x.shape).to(x.device) < self.dropped
        return torch.where(left, x, quantized)

    def _observe(self, x: Tensor) -> None:
        rows = x.transpose(0, 1).flatten(1) if self.by_channel else x.reshape(1, -1)
        low, high = self._ends(rows, self.bits)
        if self.integer or self.by_channel:
            low, high = low.clamp_max(0), high.clamp_min(0)
        if self.by_channel:
            high = torch.maximum(high, LEAST * high.max())
        if self.holds is not None:
            low, high = torch.minimum(low, self.holds[0]), torch.maximum(high, self.holds[1])
        for end, found in ((self.low, low), (self.high, high)):
            found = found.view_as(end)
            moved = end.mul(BETA).add(found, alpha=1 - BETA)
            # Chosen where it is, since a GPU would be waited for to look.
            end.copy_(torch.where(self.initialised, moved, end.mul(0.0).add(found)))
        self.initialised.fill_(True)

    def extra_repr(self) -> str:
        return f"bits={self.bits}, ranges={self.ranges}"


@contextmanager
def dropping(module: nn.Module, share: float) -> Iterator[None]:
    """Leave a share of all activations unquantized, others each time (Wei et al., QDrop: Randomly
    Dropping Quantization for Extremely Low-bit Post-Training Quantization, ICLR 2022)."""
    quantizers = [m for m in module.modules() if isinstance(m, ActivationQuantizer)]
    for quantizer in quantizers:
        quantizer.dropped = share
    try:
        yield
    finally:
        for quantizer in quantizers:
            quantizer.dropped = 0.0


class WeightQuantizer(nn.Module):
    """Quantizes a weight, one range an output channel; it has no state of its own.

    `axis` is the weight's dimension of output channels. A transposed convolution's weight
    [in, out / groups, ...] has it in each of its `groups`.
    """

    def __init__(
        self, bits: int, rounding: str, axis: int = 0, groups: int = 1, integer: bool = False
    ) -> None:
        super().__init__()
        self.bits, self.rounding, self.integer = bits, rounding, integer
        self.axis, self.groups = axis, groups

    def forward(self, weight: Tensor) -> Tensor:
        rows = quantize_weight(self.rows(weight), self.bits, self.rounding, self.integer)
        return self._whole(rows)

    def encode(self, weight: Tensor) -> Encoded:
        """The integers that a weight is rounded to, as rows [out, ...]."""
        return encode_weight(self.rows(weight), self.bits, self.rounding, self.integer)

    def decode(self, encoded: Encoded) -> Tensor:
        """The weight that its integers stand for: exactly what `forward` gives of it."""
        return self._whole(decode_weight(encoded, self.bits)).contiguous()

    def held_grid(self, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        """Begin and step of grids near [low, high] whose values `forward` leaves as they are."""
        return held_grid(low, high, self.bits, self.rounding, self.integer)

    @torch.no_grad()
    def steps(self, weight: Tensor | None) -> Tensor:
        """Of each output channel [out], the step between values of codes in a byte."""
        assert weight is not None
        scale = weight_scale(self.rows(weight), self.bits, self.rounding, self.integer)
        return 1 / (scale * multiple(self.bits))

    def rows(self, weight: Tensor) -> Tensor:
        """The weight as [out, ...], which is what quantization looks at."""
        if self.groups == 1:
            return weight.movedim(self.axis, 0)
        return weight.unflatten(0, (self.groups, -1)).transpose(1, 2).flatten(0, 1)

    def _whole(self, rows: Tensor) -> Tensor:
        if self.groups == 1:
            return rows.movedim(0, self.axis)
        return rows.unflatten(0, (self.groups, -1)).transpose(1, 2).flatten(0, 1)

    def extra_repr(self) -> str:
        return f"bits={self.bits}, rounding={self.rounding}"


class BiasQuantizer(nn.Module):
    """Rounds a bias to whole steps of what is added up: those of the values times those of the
    weights, an output channel each; 32-bit integers hold them, as `codes`.

    It asks the quantizers of values and weights, whose names in `root` it knows, for their steps.
    """

    def __init__(self, root: nn.Module, values: str, weight: str) -> None:
        super().__init__()
        # Not as a submodule, for then it would be a part of itself.
        self._root, self.values, self.weight = (root,), values, weight

    def forward(self, bias: Tensor, weight: Tensor | None = None) -> Tensor:
        step = self.steps(weight)
        return bias + ((bias / step).round() * step - bias).detach()

    @torch.no_grad()
    def steps(self, weight: Tensor | None) -> Tensor:
        """[out]"""
        values, of_weight = (self._root[0].get_submodule(n) for n in (self.values, self.weight))
        assert isinstance(values, ActivationQuantizer)
        assert isinstance(of_weight, WeightQuantizer)
        span, steps = (values.high - values.low).clamp_min(1e-8), of_weight.steps(weight)
        if values.by_channel:
            span = span.flatten().repeat_interleave(len(steps) // span.numel())
        return span / (2**values.bits - 1) * steps


class StoredWeight(WeightQuantizer):
    """Gives the weight that it holds as packed integers, whatever it is called with.

    It takes the place of a WeightQuantizer where a student is no longer trained; its state is what
    a packed file has of the weight.
    """

    codes: Tensor
    scale: Tensor
    zero: Tensor | None
    shift: Tensor | None

    def __init__(self, like: WeightQuantizer, weight: Tensor) -> None:
        super().__init__(like.bits, like.rounding, like.axis, like.groups, like.integer)
        weight = weight.detach().contiguous()
        encoded = like.encode(weight)
        self.shape, self.dtype = encoded.codes.shape, weight.dtype
        self.register_buffer("codes", pack_bits(encoded.codes, self.bits))
        self.register_buffer("scale", encoded.scale)
        self.register_buffer("zero", encoded.zero)
        self.register_buffer("shift", encoded.shift)

    def forward(self, weight: Tensor | None = None) -> Tensor:
        return self.decode(self._held()).to(self.dtype)

    def encode(self, weight: Tensor) -> Encoded:
        return self._held()

    def steps(self, weight: Tensor | None) -> Tensor:
        return 1 / (self.scale * multiple(self.bits))

    def _held(self) -> Encoded:
        codes = unpack_bits(self.codes, self.bits, self.shape.numel()).view(self.shape)
        return Encoded(codes, self.scale, self.zero, self.shift)
