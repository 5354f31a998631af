"""GDFQ's quantizer: asymmetric, uniform, with an identity straight-through gradient.

Beside it stands what GDFQ has not: weights that keep the means of their channels.
"""

from __future__ import annotations

from typing import Any

import attrs
import torch
from torch import Tensor

from autorecon.nn import at_least_float32

FINE = 8
"""Parts of a step from which on a shift by whole parts is as good as any."""


def fake_quantize(x: Tensor, low: Tensor, high: Tensor, bits: int) -> Tensor:
    """x on the grid of 2^bits values that covers [low, high], which broadcast against x.

    s = (2^k - 1) / max(high - low, 1e-8);  z = round(s low) + 2^(k-1);
    q = clamp(round(s x - z), -2^(k-1), 2^(k-1) - 1);  result (q + z) / s.
    The gradient with respect to x is the identity, clipped values included; the range has none.
    The arithmetic is in float32 at least, whatever x has.
    """
    quantized: Tensor = _FakeQuantize.apply(at_least_float32(x), low, high, bits)
    return quantized.to(x.dtype)


class _FakeQuantize(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, low: Tensor, high: Tensor, bits: int) -> Tensor:
        levels, scale, zero = _on_grid(x, low, high, bits)
        return levels.add_(zero).div_(scale)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        return gradient, None, None, None


def _on_grid(x: Tensor, low: Tensor, high: Tensor, bits: int) -> tuple[Tensor, Tensor, Tensor]:
    """q, s and z of `fake_quantize`."""
    half = 2 ** (bits - 1)
    span = (high - low).clamp_min(1e-8)
    # A tensor above the line, because torch takes number / tensor as number * reciprocal.
    scale = span.new_full((), 2**bits - 1) / span
    zero = torch.round(scale * low) + half
    return (x * scale).sub_(zero).round_().clamp_(-half, half - 1), scale, zero


def quantize_weight(weight: Tensor, bits: int, rounding: str, integer: bool = False) -> Tensor:
    """A weight [out, ...] with one range an output channel, that of its present values.

    "plain" rounding is GDFQ's, `fake_quantize` as it is: the grid holds zero, so that one end of
    the range is cut off by up to half a step, and where both ends are as far from zero a weight's
    last digit says which. "unbiased" spans the range from end to end, and then shifts each channel
    to the mean that it had, so that its answer to a flat patch stays what it was (Banner et al.,
    Post training 4-bit quantization of convolutional networks for rapid-deployment, NeurIPS 2019:
    their bias correction, of means alone). With a number a channel for the shift, which plain
    rounding has no use for, nothing asks for a grid that holds zero.

    With `integer` the grid is one that 8 bits hold with a whole zero point: the range has zero in
    it, and the shift is rounded to a share of a step, 1 / `multiple(bits)`. With 8 bits the range
    has as much above zero as below and there is no shift: values are steps times a signed byte,
    since engines have slow kernels for zero points of weights. With fewer a coarser shift would
    cost more than that is worth: at 4 bits ResNet-18 lost 13 points by an eighth of a step.
    """
    values, low, high = _ranged(weight, bits, rounding, integer)
    quantized = fake_quantize(values, low, high, bits)
    if rounding == "plain":
        return quantized
    with torch.no_grad():
        shift = _shift(weight, quantized, (low, high), bits, integer)
    return (quantized + shift).to(weight.dtype)


@attrs.frozen(eq=False)
class Encoded:
    """A weight [out, ...] as integers: `codes` from 0 to 2^bits - 1 of type uint8, and an output
    channel's `scale`, with its `zero` where the grid holds zero, and its `shift` unless rounding is
    plain, each [out].
    """

    codes: Tensor
    scale: Tensor
    zero: Tensor | None
    shift: Tensor | None


@torch.no_grad()
def encode_weight(weight: Tensor, bits: int, rounding: str, integer: bool = False) -> Encoded:
    """The integers of which `decode_weight` makes, bit for bit, what `quantize_weight` gives."""
    values, low, high = _ranged(weight, bits, rounding, integer)
    levels, scale, zero = _on_grid(at_least_float32(values), low, high, bits)
    codes = (levels + 2 ** (bits - 1)).to(torch.uint8)
    kept = zero.flatten() if _holds_zero(bits, rounding, integer) else None
    if rounding == "plain":
        return Encoded(codes, scale.flatten(), kept, None)
    shift = _shift(weight, levels.add_(zero).div_(scale), (low, high), bits, integer)
    return Encoded(codes, scale.flatten(), kept, shift.flatten())


@torch.no_grad()
def weight_scale(weight: Tensor, bits: int, rounding: str, integer: bool = False) -> Tensor:
    """Steps in 1, an output channel [out]: `scale` of `encode_weight`, bit for bit."""
    _, low, high = _ranged(weight, bits, rounding, integer)
    span = (high - low).clamp_min(1e-8)
    return (span.new_full((), 2**bits - 1) / span).flatten()


@torch.no_grad()
def decode_weight(encoded: Encoded, bits: int) -> Tensor:
    """The weight [out, ...] that its integers stand for."""
    codes, half = encoded.codes, 2 ** (bits - 1)
    shape = (-1,) + (1,) * (codes.dim() - 1)
    levels = codes.to(torch.promote_types(encoded.scale.dtype, torch.float32))
    # Without a zero of its own, the grid begins at 0: z is half then.
    if encoded.zero is not None:
        levels = levels.sub_(half).add_(encoded.zero.view(shape))
    found = levels.div_(encoded.scale.view(shape))
    if encoded.shift is not None:
        found = found.add_(encoded.shift.view(shape))
    return found


def held_grid(
    low: Tensor, high: Tensor, bits: int, rounding: str, integer: bool = False
) -> tuple[Tensor, Tensor]:
    """Begin and step of a grid of 2^bits values near [low, high], a range an output channel, such
    that a weight which is on it, with both of its ends, is what it is rounded to."""
    if integer:
        low, high = low.clamp_max(0), high.clamp_min(0)
    if integer and bits == 8:
        step = torch.maximum(-low, high) / 127
        return -127 * step, step
    step = (high - low) / (2**bits - 1)
    if not (integer or rounding == "plain"):
        return low, step
    part = step if _holds_zero(bits, rounding, integer) else step / multiple(bits)
    return (low / part.clamp_min(1e-12)).round() * part, step


def _shift(
    weight: Tensor, quantized: Tensor, ends: tuple[Tensor, Tensor], bits: int, integer: bool
) -> Tensor:
    """What rounding took off the mean of each channel, [out, 1, ...]."""
    low, high = ends
    shift = (at_least_float32(weight) - quantized).flatten(1).mean(1).view(low.shape)
    return _whole_shift(shift, low, high, bits) if integer else shift


def _holds_zero(bits: int, rounding: str, integer: bool) -> bool:
    """Whether a grid has to: that of plain rounding, and that of whole zero points where a
    shift by a share of a step is too coarse to mend it."""
    return rounding == "plain" or (integer and multiple(bits) < FINE)


def _whole_shift(shift: Tensor, low: Tensor, high: Tensor, bits: int) -> Tensor:
    """The shift with which the zero point of a grid that covers [low, high] is a byte."""
    steps, part = (2**bits - 1) / (high - low).clamp_min(1e-8), multiple(bits)
    zero = -(steps * low).round() * part
    least, most = (128, 128) if bits == 8 else (0, 255)
    shifted = (zero - (shift * steps * part).round()).clamp(least, most)
    return (zero - shifted) / (steps * part)


def multiple(bits: int) -> int:
    """By how much levels of so few bits are spread in 8 bits, 0 to 255; more bits are not."""
    return max(1, 255 // (2**bits - 1))


def _ranged(
    weight: Tensor, bits: int, rounding: str, integer: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """What of a weight is put on the grid, and its ranges; raised so that it begins at 0, unless
    the grid has to hold zero."""
    shape = (-1,) + (1,) * (weight.dim() - 1)
    rows = weight.detach().flatten(1)
    # One after the other is several times faster than aminmax along an axis.
    low, high = rows.amin(1).view(shape), rows.amax(1).view(shape)
    if integer:
        low, high = low.clamp_max(0), high.clamp_min(0)
    if integer and bits == 8:
        step = torch.maximum(-low, high) / 127
        low, high = -128 * step, 127 * step
    if _holds_zero(bits, rounding, integer):
        return weight, low, high
    # From 0 up `fake_quantize` has its ends where the range has them.
    return at_least_float32(weight) - low, torch.zeros_like(low), high - low
