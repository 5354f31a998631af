"""Drawing architectures, each with the same probability, and numbering the different ones.

`random.Random` is the one source of chance: its state can be saved, and the same state draws the
same architectures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from random import Random
from typing import Any, TypeAlias

from autorecon.graph.architectures.codec import ArchitectureError, Picks
from autorecon.graph.counting.cost import COUNT
from autorecon.graph.counting.decision_diagram import (
    Diagram,
    FrontierTooWide,
    Layer,
    Weights,
    diagram,
)
from autorecon.graph.counting.diagram_steps import AS_BEFORE
from autorecon.graph.counting.numbering import Numbering
from autorecon.graph.counting.picked import reader
from autorecon.graph.space import Space
from autorecon.graph.valid.completion import completed
from autorecon.graph.valid.extent import few_listed
from autorecon.lang import Edge

MAX_DRAWS = 100_000  # a few seconds


def sample(space: Space, random: Random) -> Picks:
    """One of all |S| architectures; it may be cut, and many are the same generator."""
    return space.codec.decode(random.randrange(space.codec.size))


class _Numbered:
    """Architectures numbered from 0 to size - 1, of which `at` finds each."""

    def __init__(self, what: str, size: int, at: Callable[[int], Picks]) -> None:
        self.size, self._what, self._at = size, what, at

    def picks(self, number: int) -> Picks:
        """The one of this number; ArchitectureError when there is none."""
        if not 0 <= number < self.size:
            message = f"no {self._what} {number:,}: they are 0 to {self.size - 1:,}"
            raise ArchitectureError(message)
        return self._at(number)

    def sample(self, random: Random) -> Picks:
        """One of them, each as likely as any other."""
        return self.picks(random.randrange(self.size))


class ValidArchitectures(_Numbered):
    """The valid architectures of a space. Raises FrontierTooWide where it is too entangled."""

    def __init__(self, space: Space) -> None:
        program, what = space.program, "valid architecture"
        read, names = reader(program), [*program.decisions]
        try:
            paths = Numbering(program, diagram(program, "every"))
        except FrontierTooWide:
            if not space.is_tied:
                raise
            found = few_listed(space)
            return super().__init__(what, len(found), found.__getitem__)

        def at(number: int) -> Picks:
            chosen = read(paths.path(number))
            return tuple(chosen[name] for name in names)

        return super().__init__(what, paths.size, at)


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


class DistinctArchitectures(_Numbered):
    """The different generators of a space, as canonical picks.

    Where rules forbid those, another architecture of the same generator stands for it. Raises
    FrontierTooWide where the space is too entangled.
    """

    def __init__(self, space: Space) -> None:
        self._space, parts, what = space, space.live_parts, "generator"
        self._place = {edge.name: place for place, edge in enumerate(space.edges)}
        try:
            if parts is None:
                raise FrontierTooWide(f"{space.name} is too entangled to number its generators")
            limited = bool(space.program.limits)
            paths = _Limited(space.program, parts) if limited else _Paths(parts, space.edges)
        except FrontierTooWide:
            if not (space.is_tied and space.restrictions):
                raise
            found = _one_each(space, few_listed(space))
            return super().__init__(what, len(found), found.__getitem__)
        return super().__init__(what, paths.size, lambda number: self._of(paths.live(number)))

    def _of(self, live: Mapping[str, int]) -> Picks:
        if self._space.is_tied:
            part = {self._place[name]: candidate for name, candidate in live.items()}
            picks = self._space.liveness.tied_canonical(part)
        else:
            picks = tuple(live.get(name, dead) for name, dead in self._idle)
        return completed(self._space, picks) if self._space.restrictions else picks

    @cached_property
    def _idle(self) -> list[tuple[str, int]]:
        """The edge of each decision of an untied space, and its canonical pick where not live."""
        of = {edge.decision: edge for edge in self._space.edges}
        edges = (of[name] for name in self._space.program.decisions)
        return [(edge.name, edge.none or 0) for edge in edges]


def _one_each(space: Space, valid: list[Picks]) -> list[Picks]:
    """Of each generator one: the canonical picks go before others, where they are there."""
    canonical = space.liveness.canonical
    valid.sort(key=lambda picks: picks != canonical(picks))
    return list({canonical(picks): picks for picks in reversed(valid)}.values())


# An arc backwards: the state before, and the candidates that it stands for if its edge is live.
_Back: TypeAlias = tuple[int, tuple[int, ...]]


class _Paths:
    """The live parts of a space, numbered; without limits: faster than `Numbering`."""

    def __init__(self, parts: Diagram, edges: Iterable[Edge]) -> None:
        tables = [*parts.tables(Weights(), COUNT)]
        ways = [(layer.owner.name, _backwards(layer)) for layer in parts.layers]
        self._back = [*zip(tables[-2::-1], ways[::-1], strict=True)]
        self._final = parts.final
        self._axes = {edge.name: edge.axes for edge in edges} if parts.tokens else None
        self.size = 0 if parts.final is None else tables[-1][parts.final]

    def live(self, number: int) -> dict[str, int]:
        """The candidates of the live edges, by name."""
        found: dict[str, int] = {}
        state: Any = self._final
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


class _Limited(Numbering):
    """The same within limits."""

    def live(self, number: int) -> dict[str, int]:
        return {owner.name: option for owner, option in self.path(number)}


def _backwards(layer: Layer) -> list[list[_Back]]:
    ways: list[list[_Back]] = [[] for _ in range(layer.size)]
    for take, pairs in layer.arcs.items():
        for old, new in pairs:
            ways[new].append((old, take.options if take.live else ()))
    return ways
