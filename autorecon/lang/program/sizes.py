"""Sizes that choices decide."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import attrs

from autorecon.lang.operations.shapes import Shape, show_shape


@attrs.frozen
class Decided:
    """A number that a choice decides: one for each of its `options`; `called` is the choice where
    it is declared. `apart`: whether the weights of each are its own."""

    choice: str
    called: str
    options: tuple[int, ...]
    apart: bool
    values: tuple[int | float, ...] = attrs.field(
        default=attrs.Factory(lambda self: self.options, takes_self=True)
    )

    def __str__(self) -> str:
        return expression(self.values, self.options, self.called)


@attrs.frozen
class Sizes:
    """The shapes that a node may have: one for each option of a decision.

    `choice` is the one that the text names, which may share its decision with others. `apart`: each
    has weights of its own, else those for fewer channels are slices of those for more. `alone`:
    nothing else is decided of what the node applies.
    """

    decision: str
    shapes: tuple[Shape, ...]
    apart: bool = False
    choice: str = attrs.field(eq=False, default=attrs.Factory(lambda s: s.decision, True))
    alone: bool = attrs.field(default=True, eq=False)

    @property
    def counts(self) -> tuple[int, ...]:
        """The first sizes."""
        return tuple(shape[0] for shape in self.shapes)

    @property
    def told(self) -> tuple[int, ...] | tuple[Shape, ...]:
        """As few as tell them: the first sizes, if nothing else is decided."""
        return self.counts if self.are_of_channels else self.shapes

    @property
    def are_of_channels(self) -> bool:
        """Whether nothing but the first size is decided."""
        return len({shape[1:] for shape in self.shapes}) == 1

    @property
    def are_sliced(self) -> bool:
        """Whether a net computes the largest, and masks it: see `graph.widest`."""
        return self.are_of_channels and not self.apart

    @property
    def most(self) -> Shape:
        """The largest by each of its sizes."""
        return tuple(map(max, zip(*self.shapes, strict=True)))

    def expression(self, options: Sequence[int], name: str, place: int = 0) -> str:
        """What makes one of the sizes of the choice's options, if it is called so."""
        return expression([shape[place] for shape in self.shapes], options, name)

    def __str__(self) -> str:
        """`32|64x8x8`, where more than the first size is decided `8x8x8|8x16x16`."""
        if not self.are_of_channels:
            return "|".join(map(show_shape, self.shapes))
        shown = show_shape(self.shapes[0])
        return "|".join(map(str, self.counts)) + shown[len(str(self.counts[0])) :]


def expression(counts: Sequence[int | float], options: Sequence[int], name: str) -> str:
    """What makes whole numbers of the options of a choice that is called so."""
    if len({*counts}) == 1:
        return str(counts[0])
    slopes = {
        Fraction(count - counts[0]) / (option - options[0])
        for count, option in zip(counts[1:], options[1:], strict=True)
    }
    if len(slopes) == 1:
        (slope,) = slopes
        rest = slope.denominator * int(counts[0]) - slope.numerator * options[0]
        return _straight(name, slope, rest)
    # 0^0 is 1, and 0 to any other power is 0.
    pairs = zip(counts, options, strict=True)
    return " + ".join(f"{count}*0^(({name} - {option})^2)" for count, option in pairs)


def _straight(name: str, slope: Fraction, rest: int) -> str:
    times = f"{slope.numerator}*{name}" if slope.numerator != 1 else name
    added = f" {'+-'[rest < 0]} {abs(rest)}" if rest else ""
    if slope.denominator == 1:
        return times + added
    return f"({times}{added})/{slope.denominator}" if rest else f"{times}/{slope.denominator}"


def show_sized(shape: Shape, sizes: Sizes | None) -> str:
    """`64x8x8`, and `32|64x8x8` where a choice decides the first size."""
    return str(sizes) if sizes else show_shape(shape)


def told_apart(shape: Shape, sizes: Sizes | None) -> str:
    """The same with the choice."""
    return show_sized(shape, sizes) + (f" by `{sizes.decision}`" if sizes else "")
