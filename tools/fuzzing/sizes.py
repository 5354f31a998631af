"""Sizes of shapes as a program writes them: as they are, or by values that have a name."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import attrs

from fuzzing.pipelines import Shape


@attrs.define
class Sizes:
    """`side` is what a block's parameter of that name stands for where the block is drawn. A
    choice, `decided`, stands for so many channels."""

    random: Random
    values: dict[str, int] = attrs.field(factory=dict)
    side: int | None = None
    decided: tuple[int, str] | None = None

    def number(self, value: int) -> str:
        """A whole number of at least 1."""
        if not self.values or self.random.random() < 0.65:
            return str(value)
        name, known = self.random.choice(list(self.values.items()))
        return self.random.choice([*_ways(name, known, value)] or [str(value)])

    def shape(self, shape: Shape) -> str:
        sizes = [self.number(shape[0]), *map(self._resolution, shape[1:])]
        return f"[{', '.join(sizes)}]"

    def node(self, shape: Shape) -> str:
        """Of a node whose channels may be decided."""
        text = self.shape(shape)
        if self.decided is None or shape[0] % self.decided[0]:
            return text
        times = shape[0] // self.decided[0]
        first = self.decided[1] if times == 1 else f"{times}*{self.decided[1]}"
        return f"[{first}{text[text.find(',') :]}" if len(shape) > 1 else f"[{first}]"

    def _resolution(self, value: int) -> str:
        if self.side is None:
            return self.number(value)
        if value % self.side:
            return f"side/{self.side // value}"
        times = value // self.side
        return "side" if times == 1 else f"{times}*side"


def _ways(name: str, known: int, value: int) -> Iterator[str]:
    """A value by another one's name."""
    if known == value:
        yield name
    if value % known == 0:
        yield f"{value // known}*{name}"
    if known % value == 0:
        yield f"{name} / {known // value}"
    if known**2 == value:
        yield f"{name}^2"
    if known < value:
        yield f"{name} + {value - known}"
    if known > value:
        yield f"({name} - {known - value})"
        yield f"min({value}, {name})"
        yield f"{name} if {name} < {value} else {value}"
    if known <= value:
        yield f"max({name}, {value})"
        yield f"({value} if {name} == {known} else {value} / 0)"
