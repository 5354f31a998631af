"""Drawing architectures, each with the same probability, and numbering the different ones.

`random.Random` is the one source of chance: its state can be saved, and the same state draws the
same architectures.
"""

from __future__ import annotations

from random import Random
from typing import TypeAlias

from autorecon.graph.completion import completed
from autorecon.graph.cost import COUNT
from autorecon.graph.encode import ArchitectureError, Picks, places
from autorecon.graph.frontier import Diagram, FrontierTooWide, Layer, Weights, diagram
from autorecon.graph.numbering import Numbering
from autorecon.graph.space import Space


def sample(space: Space, random: Random) -> Picks:
    """One of all |S| architectures; it may be cut, and many are the same generator."""
    return space.codec.decode(random.randrange(space.codec.size))


class ValidArchitectures:
    """The valid architectures of a space, numbered from 0 to size - 1.

    Raises FrontierTooWide where the space is too entangled.
    """

    def __init__(self, space: Space) -> None:
        self._names = list(places(space))
        self._numbering = Numbering(space.program, diagram(space.program, every=True))
        self.size = self._numbering.size

    def picks(self, number: int) -> Picks:
        """The architecture of this number; ArchitectureError when there is none."""
        if not 0 <= number < self.size:
            message = f"no valid architecture {number:,}: they are 0 to {self.size - 1:,}"
            raise ArchitectureError(message)
        path = self._numbering.path(number)
        return tuple(path[name] for name in self._names)

    def sample(self, random: Random) -> Picks:
        """A valid architecture, each as likely as any other."""
        return self.picks(random.randrange(self.size))


class DistinctArchitectures:
    """The different generators of a space, numbered from 0 to size - 1, as canonical picks.

    Where rules forbid those, another architecture of the same generator stands for it. Raises
    FrontierTooWide where the space is too entangled.
    """

    def __init__(self, space: Space) -> None:
        parts = space.live_parts
        if parts is None:
            raise FrontierTooWide(f"{space.name} is too entangled to number its generators")
        self._space, self._place, self._dead = space, places(space), _dead(space)
        paths = Numbering(space.program, parts) if space.restrictions else _Paths(parts)
        self._path, self.size = paths.path, paths.size

    def picks(self, number: int) -> Picks:
        """The generator of this number; ArchitectureError when there is none."""
        if not 0 <= number < self.size:
            raise ArchitectureError(f"no generator {number:,}: they are 0 to {self.size - 1:,}")
        picks = list(self._dead)
        for name, option in self._path(number).items():
            if name in self._place:
                picks[self._place[name]] = option
        return completed(self._space, tuple(picks)) if self._space.restrictions else tuple(picks)

    def sample(self, random: Random) -> Picks:
        """A generator, each as likely as any other."""
        return self.picks(random.randrange(self.size))


# An arc backwards: the state before, and the candidates that it stands for if its edge is live.
_Back: TypeAlias = tuple[int, tuple[int, ...]]


class _Paths:
    """The live parts of a space without rules and limits, numbered: faster than `Numbering`."""

    def __init__(self, parts: Diagram) -> None:
        self._tables = list(parts.tables(Weights(), COUNT))
        self._back = [_backwards(layer) for layer in parts.layers]
        self._names = [layer.owner.name for layer in parts.layers]
        assert parts.final is not None
        self._final = parts.final
        self.size = self._tables[-1][self._final]

    def path(self, number: int) -> dict[str, int]:
        """The candidates of the live edges, by name."""
        found, state = {}, self._final
        for layer in range(len(self._back) - 1, -1, -1):
            before, digit = self._tables[layer], 0
            for way in self._back[layer][state]:
                old, options = way
                here = before[old] * (len(options) or 1)
                if number < here:
                    break
                number -= here
            if len(options) > 1:
                number, digit = divmod(number, len(options))
            if options:
                found[self._names[layer]] = options[digit]
            state = old
        return found


def _backwards(layer: Layer) -> list[list[_Back]]:
    ways: list[list[_Back]] = [[] for _ in range(layer.size)]
    for take, arcs in layer.arcs.items():
        for old, new in arcs:
            ways[new].append((old, take.options if take.live else ()))
    return ways


def _dead(space: Space) -> Picks:
    """What canonical picks hold on edges that are not live."""
    offers = ([c.is_none for c in edge.candidates] for edge in space.choices)
    return tuple(is_none.index(True) if True in is_none else 0 for is_none in offers)
