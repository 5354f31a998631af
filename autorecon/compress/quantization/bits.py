"""Bit widths as the field writes them: w4a4 is 4 bits for weights and 4 for activations."""

from __future__ import annotations

import re

import attrs

from autorecon.compress.errors import CompressError

NARROWEST, WIDEST = 2, 8

ROUNDINGS = ("plain", "unbiased")
"""Whether rounded weights keep nothing, as GDFQ's, or the mean of each output channel."""


@attrs.frozen
class Bits:
    """Widths of weights and activations, 2 to 8 each."""

    weights: int
    activations: int

    @classmethod
    def parse(cls, text: str) -> Bits:
        """Read `w3a3`; raises CompressError for anything else and for widths out of range."""
        match = re.fullmatch(r"w(\d{1,3})a(\d{1,3})", text.strip(), re.ASCII | re.IGNORECASE)
        if not match:
            raise CompressError(f"bits '{text}': expected the form w3a3, weights then activations")
        bits = cls(int(match[1]), int(match[2]))
        for name, width in attrs.asdict(bits).items():
            if not NARROWEST <= width <= WIDEST:
                limits = f"choose {NARROWEST} to {WIDEST}"
                raise CompressError(f"bits '{text}': {width} bits for {name}, {limits}")
        return bits

    def __str__(self) -> str:
        return f"w{self.weights}a{self.activations}"
