"""Drawing architectures, each with the same probability, and numbering the different ones.

`random.Random` is the one source of chance: its state can be saved, and the same state draws the
same architectures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from random import Random
from typing import TypeAlias

from autorecon.graph.architectures.codec import ArchitectureError, Picks
from autorecon.graph.architectures.ids import places
from autorecon.graph.counting.cost import COUNT
from autorecon.graph.counting.decision_diagram import FrontierTooWide, Layer, Weights, diagram
from autorecon.graph.counting.numbering import Numbering
from autorecon.graph.counting.tied_numbering import TiedNumbering
from autorecon.graph.counting.tied_parts import AS_BEFORE
from autorecon.graph.counting.tied_parts import Layer as TiedLayer
from autorecon.graph.space import Space
from autorecon.graph.valid.completion import completed
from autorecon.graph.valid.extent import few_listed
from autorecon.lang import Edge
from autorecon.lang.program.tied_cases import deciding_edges

MAX_DRAWS = 100_000  # a few seconds


def sample(space: Space, random: Random) -> Picks:
    """One of all |S| architectures; it may be cut, and many are the same generator."""
    return space.codec.decode(random.randrange(space.codec.size))


class ValidArchitectures:
    """The valid architectures of a space, numbered from 0 to size - 1.

    Raises FrontierTooWide where the space is too entangled.
    """

    def __init__(self, space: Space) -> None:
        paths: Numbering | TiedNumbering | _Listed
        if space.is_tied:
            self._names, paths = list(places(space)), _tied(space)
        else:
            self._names = [edge.name for edge in deciding_edges(space.program)]
            paths = Numbering(space.program, diagram(space.program, every=True))
        self._path, self.size = paths.path, paths.size

    def picks(self, number: int) -> Picks:
        """The architecture of this number; ArchitectureError when there is none."""
        if not 0 <= number < self.size:
            message = f"no valid architecture {number:,}: they are 0 to {self.size - 1:,}"
            raise ArchitectureError(message)
        path = self._path(number)
        return tuple(path[name] for name in self._names)

    def sample(self, random: Random) -> Picks:
        """A valid architecture, each as likely as any other."""
        return self.picks(random.randrange(self.size))


def _tied(space: Space) -> TiedNumbering | _Listed:
    try:
        return TiedNumbering(space.program)
    except FrontierTooWide:
        return _Listed(space, few_listed(space))


def valid_sample(space: Space, random: Random) -> Picks:
    """A valid architecture, each as likely as any other, of a space that may be too entangled to
    number them. Raises FrontierTooWide where, in such a one, they are rare."""
    try:
        return ValidArchitectures(space).sample(random)
    except FrontierTooWide as error:
        found = first_valid(space, random, MAX_DRAWS)
        if found is None:
            message = f"{error}, and none of {MAX_DRAWS:,} drawn at random is valid"
            raise FrontierTooWide(message) from error
        return found


def first_valid(space: Space, random: Random, most: int) -> Picks | None:
    """The first valid one of at most so many drawn of all architectures; or None."""
    drawn = (sample(space, random) for _ in range(most))
    return next(filter(space.liveness.is_valid, drawn), None)


class DistinctArchitectures:
    """The different generators of a space, numbered from 0 to size - 1, as canonical picks.

    Where rules forbid those, another architecture of the same generator stands for it. Raises
    FrontierTooWide where the space is too entangled.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        paths = _paths(space)
        self._path, self.size = paths.path, paths.size

    def picks(self, number: int) -> Picks:
        """The generator of this number; ArchitectureError when there is none."""
        if not 0 <= number < self.size:
            raise ArchitectureError(f"no generator {number:,}: they are 0 to {self.size - 1:,}")
        if self._space.is_tied and self._space.restrictions:
            return tuple(self._path(number).values())
        if self._space.is_tied:
            place = {edge.name: index for index, edge in enumerate(self._space.edges)}
            part = {place[name]: option for name, option in self._path(number).items()}
            return self._space.liveness.tied_canonical(part)
        live = self._path(number)
        picks = tuple(live.get(edge.name, dead) for edge, dead in self._idle)
        return completed(self._space, picks) if self._space.restrictions else picks

    @cached_property
    def _idle(self) -> list[tuple[Edge, int]]:
        """The edge of each decision of an untied space, and its canonical pick where not live."""
        edges = deciding_edges(self._space.program)
        none = [[i for i, c in enumerate(edge.candidates) if c.is_none] for edge in edges]
        return [(edge, found[0] if found else 0) for edge, found in zip(edges, none, strict=True)]

    def sample(self, random: Random) -> Picks:
        """A generator, each as likely as any other."""
        return self.picks(random.randrange(self.size))


class _Listed:
    """Some architectures, by their places in a list."""

    def __init__(self, space: Space, found: list[Picks]) -> None:
        self._names, self._found = list(places(space)), found
        self.size = len(found)

    def path(self, number: int) -> dict[str, int]:
        return dict(zip(self._names, self._found[number], strict=True))


def _paths(space: Space) -> Numbering | _Paths | _Listed:
    if space.is_tied and space.restrictions:
        canonical = space.liveness.canonical
        # The canonical picks go before others of the same generator, where they are there.
        valid = sorted(few_listed(space), key=lambda picks: picks != canonical(picks))
        return _Listed(space, list({canonical(p): p for p in reversed(valid)}.values()))
    if space.is_tied and space.tied_parts:
        axes = {edge.name: edge.axes for edge in space.edges}
        parts = space.tied_parts
        return _Paths(parts.tables(), parts.layers, parts.final, axes)
    live = space.live_parts
    if live is None:
        raise FrontierTooWide(f"{space.name} is too entangled to number its generators")
    if space.restrictions:
        return Numbering(space.program, live)
    assert live.final is not None
    return _Paths([*live.tables(Weights(), COUNT)], live.layers, live.final)


# An arc backwards: the state before, and the candidates that it stands for if its edge is live.
_Back: TypeAlias = tuple[int, tuple[int, ...]]


class _Paths:
    """The live parts of a space, numbered; without rules and limits: faster than `Numbering`.

    `axes` are what edges depend on, where candidates may be as another edge's have settled.
    """

    def __init__(
        self,
        tables: Sequence[Sequence[int]],
        layers: Sequence[Layer | TiedLayer],
        final: int,
        axes: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        ways = [(layer.owner.name, _backwards(layer)) for layer in layers]
        self._back = [*zip(tables[-2::-1], ways[::-1], strict=True)]
        self._axes, self._final, self.size = axes, final, tables[-1][final]

    def path(self, number: int) -> dict[str, int]:
        """The candidates of the live edges, by name."""
        found: dict[str, int] = {}
        state = self._final
        for before, (name, ways) in self._back:
            for way in ways[state]:
                old, options = way
                here = before[old] * (len(options) or 1)
                if number < here:
                    break
                number -= here
            digit = 0
            if len(options) > 1:
                number, digit = divmod(number, len(options))
            if options:
                found[name] = options[digit]
            state = old
        if not self._axes:
            return found
        known = {self._axes[name]: c for name, c in found.items() if c != AS_BEFORE}
        return {n: known[self._axes[n]] if c == AS_BEFORE else c for n, c in found.items()}


def _backwards(layer: Layer | TiedLayer) -> list[list[_Back]]:
    ways: list[list[_Back]] = [[] for _ in range(layer.size)]
    if isinstance(layer, TiedLayer):
        for old, arcs in enumerate(layer.arcs):
            for new, labels in arcs:
                ways[new].append((old, labels))
        return ways
    for take, pairs in layer.arcs.items():
        for old, new in pairs:
            ways[new].append((old, take.options if take.live else ()))
    return ways
