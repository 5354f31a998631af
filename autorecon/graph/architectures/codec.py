"""Picks <-> one whole number: mixed radix, looked up in chunks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property, lru_cache
from itertools import chain, product

# Of an architecture, one option of each decision, by its index.
Picks = tuple[int, ...]

# Options of one chunk of decisions, coded together by a table.
MAX_CHUNK = 4_096


class ArchitectureError(ValueError):
    """No architecture of this space: a number, an id, picks or a genotype of something else."""

    exit_code = 2


@lru_cache(maxsize=256)
def _tables(radices: Picks) -> tuple[tuple[Picks, ...], dict[Picks, int]]:
    table = tuple(product(*map(range, radices)))
    return table, {picks: number for number, picks in enumerate(table)}


class Codec:
    """Picks <-> numbers for decisions with these many options each.

    Neighbouring decisions are looked up together, which is several times faster than one by one.
    """

    def __init__(self, radices: Iterable[int]) -> None:
        self.radices = tuple(radices)
        self.size = math.prod(self.radices)

    @cached_property
    def _chunks(self) -> list[tuple[slice, int, tuple[Picks, ...], dict[Picks, int]]]:
        """Places in the picks, the number of options together, and both tables."""
        chunks, start = [], 0
        while start < len(self.radices):
            stop, size = start + 1, self.radices[start]
            while stop < len(self.radices) and size * self.radices[stop] <= MAX_CHUNK:
                size *= self.radices[stop]
                stop += 1
            chunks.append((slice(start, stop), size, *_tables(self.radices[start:stop])))
            start = stop
        return chunks

    @cached_property
    def _backwards(self) -> list[tuple[int, tuple[Picks, ...]]]:
        return [(size, table) for _, size, table, _ in reversed(self._chunks)]

    def encode(self, picks: Picks) -> int:
        """The number, 0 to |S| - 1; ArchitectureError when the picks are not of these decisions."""
        number = 0
        try:
            for place, size, _, index in self._chunks:
                number = number * size + index[picks[place]]
        except KeyError:
            raise self._misfit(picks) from None
        if len(picks) != len(self.radices):
            raise self._misfit(picks)
        return number

    def decode(self, number: int) -> Picks:
        """The picks; ArchitectureError when the number is not in 0 .. |S| - 1."""
        if not 0 <= number < self.size:
            raise ArchitectureError(f"no architecture {number:,}: they are 0 to {self.size - 1:,}")
        parts = []
        for size, table in self._backwards:
            number, digit = divmod(number, size)
            parts.append(table[digit])
        return tuple(chain.from_iterable(reversed(parts)))

    def _misfit(self, picks: Picks) -> ArchitectureError:
        return ArchitectureError(
            f"{len(picks)} picks do not fit {len(self.radices)} decisions "
            "(each is an index from 0 to one less than its options)"
        )
