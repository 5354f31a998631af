"""Drawing architectures, each with the same probability, and numbering the different ones.

`random.Random` is the one source of chance: its state can be saved, and the same state draws the
same architectures.
"""

from __future__ import annotations

from random import Random

from autorecon.graph.cost import COUNT
from autorecon.graph.encode import ArchitectureError, Picks, places
from autorecon.graph.frontier import FrontierTooWide, Layer, Weights
from autorecon.graph.space import Space
from autorecon.graph.statuses import LIVE_ONES
from autorecon.lang import Edge, Node


def sample(space: Space, random: Random) -> Picks:
    """One of all |S| architectures; it may be cut, and many are the same generator."""
    return space.codec.decode(random.randrange(space.codec.size))


# An arc backwards: the state before, how many live candidates it stands for, and whether any.
_Back = tuple[int, int, bool]


class DistinctArchitectures:
    """The different generators of a space, numbered from 0 to size - 1, as canonical picks.

    Raises FrontierTooWide where the space is too entangled.
    """

    def __init__(self, space: Space) -> None:
        parts = space.live_parts
        if parts is None:
            raise FrontierTooWide(f"{space.name} is too entangled to number its generators")
        self._place = places(space)
        self._live = {
            e.name: [i for i, c in enumerate(e.candidates) if not c.is_none] for e in space.edges
        }
        weights = Weights({}, {name: len(live) for name, live in self._live.items()})
        self._tables = list(parts.tables(weights, COUNT))
        self._back = [self._backwards(layer) for layer in parts.layers]
        self._owners = [self._choice(layer.owner) for layer in parts.layers]
        self._final = parts.final
        self._dead = _dead(space)
        self.size = self._tables[-1][self._final]

    def _backwards(self, layer: Layer) -> list[list[_Back]]:
        ways: list[list[_Back]] = [[] for _ in range(layer.size)]
        for takes, arcs in layer.arcs.items():
            live = takes == LIVE_ONES and isinstance(layer.owner, Edge)
            options = len(self._live[layer.owner.name]) if live else 1
            for old, new in arcs:
                ways[new].append((old, options, live))
        return ways

    def _choice(self, owner: Node | Edge) -> tuple[int, list[int]] | None:
        """An open edge's place in the picks, and the candidates that it may be live with."""
        place = self._place.get(owner.name) if isinstance(owner, Edge) else None
        return None if place is None else (place, self._live[owner.name])

    def picks(self, number: int) -> Picks:
        """The generator of this number; ArchitectureError when there is none."""
        if not 0 <= number < self.size:
            raise ArchitectureError(f"no generator {number:,}: they are 0 to {self.size - 1:,}")
        picks, state = list(self._dead), self._final
        for layer in range(len(self._back) - 1, -1, -1):
            before, digit = self._tables[layer], 0
            for way in self._back[layer][state]:
                old, options, live = way
                here = before[old] * options
                if number < here:
                    break
                number -= here
            if options > 1:
                number, digit = divmod(number, options)
            choice = self._owners[layer]
            if live and choice:
                picks[choice[0]] = choice[1][digit]
            state = old
        return tuple(picks)

    def sample(self, random: Random) -> Picks:
        """A generator, each as likely as any other."""
        return self.picks(random.randrange(self.size))


def _dead(space: Space) -> Picks:
    """What canonical picks hold on edges that are not live."""
    offers = ([c.is_none for c in edge.candidates] for edge in space.choices)
    return tuple(is_none.index(True) if True in is_none else 0 for is_none in offers)
