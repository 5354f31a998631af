"""Bit widths as the field writes them: w4a4 is 4 bits for weights and 4 for activations."""

from __future__ import annotations

import re
from typing import Any

import attrs

from autorecon.compress.errors import CompressError

NARROWEST, WIDEST = 2, 8

SCHEMES = ("gdfq", "integer")
"""`gdfq` quantizes what activations give. `integer` folds norms into convolutions, and quantizes
every value that is computed: images, sums, joins, pools and answers as well."""

ROUNDINGS = ("plain", "unbiased")
"""Whether rounded weights keep nothing, as GDFQ's, or the mean of each output channel."""


@attrs.frozen
class Bits:
    """Widths of weights and activations, 2 to 8 each; false for NO_BITS, which is written ""."""

    weights: int
    activations: int

    @classmethod
    def parse(cls, text: str) -> Bits:
        """Read `w3a3`; raises CompressError for anything else and for widths out of range."""
        match = re.fullmatch(r"w(\d{1,3})a(\d{1,3})", text.strip(), re.ASCII | re.IGNORECASE)
        if not match:
            raise no_bits(text)
        bits = cls(int(match[1]), int(match[2]))
        for name, width in attrs.asdict(bits).items():
            if not NARROWEST <= width <= WIDEST:
                limits = f"choose {NARROWEST} to {WIDEST}"
                raise CompressError(f"bits '{text}': {width} bits for {name}, {limits}")
        return bits

    def __bool__(self) -> bool:
        return self.weights > 0

    def __str__(self) -> str:
        return f"w{self.weights}a{self.activations}" if self else ""


NO_BITS = Bits(0, 0)


def as_bits(given: Bits | str) -> Bits:
    """Bits as they are or as they are written, where "" stands for a method without any."""
    if isinstance(given, Bits):
        return given
    return Bits.parse(given) if given else NO_BITS


def no_bits(text: str) -> CompressError:
    """What to tell of a text that says no widths."""
    return CompressError(f"bits '{text}': expected the form w3a3, weights then activations")


def plain(owner: type | None, field: attrs.Attribute[Any] | None, value: Any) -> Any:
    """A value as files have it, for `attrs.asdict`: bits as they are written."""
    return str(value) if isinstance(value, Bits) else value
