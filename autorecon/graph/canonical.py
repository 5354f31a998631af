"""One form for all architectures of the same generator: what is not live is put out of the way."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from autorecon.graph.encode import Picks, places
from autorecon.graph.space import Space


@attrs.frozen
class _Wire:
    """An edge as numbers: its ends, its place in the picks (-1: it has no choice), and the pick
    that is `none` (-1: it offers none)."""

    source: int
    target: int
    place: int
    none: int


class Liveness:
    """What is live in the architectures of one space, built once and asked many times."""

    def __init__(self, space: Space) -> None:
        number = {name: index for index, name in enumerate(space.order)}
        place = places(space)
        wires = []
        for edge in space.edges:
            if not edge.is_cut:
                none = next((i for i, c in enumerate(edge.candidates) if c.is_none), -1)
                ends = number[edge.source], number[edge.target]
                wires.append(_Wire(*ends, place.get(edge.name, -1), none))
        # Plain tuples: an attribute costs what a whole step may.
        self._wires = [attrs.astuple(w) for w in sorted(wires, key=lambda w: w.source)]
        self._nodes = len(number)
        self._inputs = [number[n.name] for n in space.program.inputs]
        self._noise = [number[n.name] for n in space.program.inputs if n.role == "noise"]
        self._output = number[space.output.name]
        self._restrictions = space.restrictions

    def is_valid(self, picks: Sequence[int]) -> bool:
        """Whether a noise input leads to the output, and all rules and limits hold."""
        if not self.is_connected(picks):
            return False
        return self._restrictions is None or self._restrictions.obeyed(picks)

    def is_connected(self, picks: Sequence[int]) -> bool:
        """Whether a noise input leads to the output."""
        reached = bytearray(self._nodes)
        for index in self._noise:
            reached[index] = 1
        for source, target, place, none in self._wires:
            if reached[source] and (none < 0 or picks[place] != none):
                reached[target] = 1
        return bool(reached[self._output])

    def canonical(self, picks: Sequence[int]) -> Picks:
        """The picks with every edge that is not live at `none`, else at its first candidate.

        Architectures with the same generator have the same canonical picks, and no others have.
        """
        there = [w for w in self._wires if w[3] < 0 or picks[w[2]] != w[3]]
        reached, needed = self._ends(there)
        dead = dict.fromkeys(range(len(picks)), 0)
        dead.update((place, none) for _, _, place, none in self._wires if none >= 0)
        for source, target, place, _ in there:
            if place >= 0 and reached[source] and needed[target]:
                dead[place] = picks[place]
        return tuple(dead.values())

    def _ends(self, there: Sequence[tuple[int, ...]]) -> tuple[bytearray, bytearray]:
        """Which nodes some input reaches, and which lead to the output."""
        reached, needed = bytearray(self._nodes), bytearray(self._nodes)
        needed[self._output] = 1
        for index in self._inputs:
            reached[index] = 1
        for source, target, _, _ in there:
            reached[target] |= reached[source]
        for source, target, _, _ in reversed(there):
            needed[source] |= needed[target]
        return reached, needed


def canonical_picks(space: Space, picks: Picks, *, up_to_symmetry: bool = True) -> Picks:
    """The canonical picks, or the least of those that the space's symmetries make of them.

    Raises TooSymmetric where the symmetries cannot be listed.
    """
    canonical = space.liveness.canonical(picks)
    if not up_to_symmetry:
        return canonical
    return min(tuple(canonical[i] for i in taken) for taken in space.reorderings)
