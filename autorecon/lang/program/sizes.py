"""Sizes that choices decide."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod

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
        if tuple(options) == self.counts:
            return name
        ratios = {Fraction(n, option) for n, option in zip(self.counts, options, strict=True)}
        if len(ratios) == 1:
            (ratio,) = ratios
            times = f"{ratio.numerator}*" if ratio.numerator > 1 else ""
            return f"{times}{name}" + f"/{ratio.denominator}" * (ratio.denominator > 1)
        # Lagrange's polynomial: of each term all factors, or nothing, are there at an option.
        terms = []
        for count, option in zip(self.counts, options, strict=True):
            others = [other for other in options if other != option]
            factors = "*".join(f"({name} - {other})" for other in others)
            terms.append(f"{count}*({factors}/({prod(option - other for other in others)}))")
        return " + ".join(terms)

    def __str__(self) -> str:
        return "|".join(map(str, self.counts))


def show_sized(shape: Shape, sizes: Sizes | None) -> str:
    """`64x8x8`, and `32|64x8x8` where a choice decides the first size."""
    shown = show_shape(shape)
    return f"{sizes}{shown[len(str(shape[0])) :]}" if sizes else shown


def told_apart(shape: Shape, sizes: Sizes | None) -> str:
    """The same with the choice."""
    return show_sized(shape, sizes) + (f" by `{sizes.decision}`" if sizes else "")
