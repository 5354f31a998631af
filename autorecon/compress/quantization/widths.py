"""Which width each part of a network has."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import attrs

from autorecon.compress.errors import CompressError
from autorecon.compress.quantization.bits import Bits


@attrs.frozen
class Widths:
    """`bits` but for what `of` names, each with its own; the first and the last layer, with what
    they read, have `first_last` bits if that is above 0."""

    bits: Bits
    of: tuple[tuple[str, Bits], ...] = ()
    first_last: int = 0

    @classmethod
    def parse(cls, bits: Bits, of: str = "", first_last: int = 0) -> Widths:
        """Of words `PATTERN=w8a8`, of which a later one counts more; raises CompressError."""
        found = []
        for text in of.split():
            pattern, equals, width = text.rpartition("=")
            if not equals or not pattern:
                raise CompressError(f"bits_of '{text}': expected PATTERN=w8a8, as in layer4.*=w8a8")
            found.append((pattern, Bits.parse(width)))
        if first_last and not 2 <= first_last <= 8:
            raise CompressError(f"first_last = {first_last} must be 2 to 8 bits, or 0 for none")
        return cls(bits, tuple(found), first_last)

    def at(self, name: str, at_end: bool = False) -> Bits:
        """Of a layer or an activation, by its name."""
        own = [bits for pattern, bits in self.of if fnmatchcase(name, pattern)]
        if own:
            return own[-1]
        return Bits(self.first_last, self.first_last) if at_end and self.first_last else self.bits

    def check_used(self, names: Sequence[str]) -> None:
        """Raise CompressError for a pattern that names nothing."""
        for pattern, _ in self.of:
            if not any(fnmatchcase(name, pattern) for name in names):
                shown = ", ".join(list(names)[:6])
                raise CompressError(f"bits_of: no layer is called {pattern}; there are {shown} ...")


def as_widths(given: Widths | Bits) -> Widths:
    """Widths as they are, or of bits that all layers have."""
    return given if isinstance(given, Widths) else Widths(given)
