"""Sizes that choices decide."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import attrs

from autorecon.lang.operations.shapes import Shape, show_shape


@attrs.frozen
class Sizes:
    """What the first size of a node may be: one for each option of a decision.

    `choice` is the one that the text names, which may share its decision with others. `alone`:
    nothing else is decided of what the node applies.
    """

    decision: str
    counts: tuple[int, ...]
    choice: str = attrs.field(eq=False, default=attrs.Factory(lambda s: s.decision, True))
    alone: bool = attrs.field(default=True, eq=False)

    @property
    def most(self) -> int:
        return max(self.counts)

    def expression(self, options: Sequence[int], name: str) -> str:
        """What makes the counts of the choice's options, if it is called so."""
        slopes = {
            Fraction(count - self.counts[0], option - options[0])
            for count, option in zip(self.counts[1:], options[1:], strict=True)
        }
        if len(slopes) == 1:
            (slope,) = slopes
            rest = slope.denominator * self.counts[0] - slope.numerator * options[0]
            return _straight(name, slope, rest)
        # 0^0 is 1, and 0 to any other power is 0.
        pairs = zip(self.counts, options, strict=True)
        return " + ".join(f"{count}*0^(({name} - {option})^2)" for count, option in pairs)

    def __str__(self) -> str:
        return "|".join(map(str, self.counts))


def _straight(name: str, slope: Fraction, rest: int) -> str:
    times = f"{slope.numerator}*{name}" if slope.numerator != 1 else name
    added = f" {'+-'[rest < 0]} {abs(rest)}" if rest else ""
    if slope.denominator == 1:
        return times + added
    return f"({times}{added})/{slope.denominator}" if rest else f"{times}/{slope.denominator}"


def show_sized(shape: Shape, sizes: Sizes | None) -> str:
    """`64x8x8`, and `32|64x8x8` where a choice decides the first size."""
    shown = show_shape(shape)
    return f"{sizes}{shown[len(str(shape[0])) :]}" if sizes else shown


def told_apart(shape: Shape, sizes: Sizes | None) -> str:
    """The same with the choice."""
    return show_sized(shape, sizes) + (f" by `{sizes.decision}`" if sizes else "")
