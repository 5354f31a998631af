"""A program as it is being written: its nodes and edges, and a line for each statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from random import Random

import attrs

from fuzzing.pipelines import Pipelines, Shape, Step
from fuzzing.sizes import Sizes

# Names that something else has, in the language or in Python.
ODD = (
    "_", "__", "_x", "X", "into", "most", "least", "touching", "from", "at", "exactly", "link",
    "conv", "relu", "identity", "noise", "label", "sum", "concat", "keeps", "self", "lambda",
    "torch", "F", "nn", "train", "weight", "bias", "class", "None_", "z1", "n2_", "k0",
    "a_rather_long_name_that_goes_on_and_on_and_on_and_on_and_on",
)  # fmt: skip


class Names(Iterator[str]):
    """Names that differ, some of them odd."""

    def __init__(self, random: Random, plain: str) -> None:
        self._random, self._plain = random, plain
        self._taken: set[str] = set()

    def __next__(self) -> str:
        name = f"{self._plain}{len(self._taken)}"
        if self._random.random() < 0.1:
            name = self._random.choice(ODD)
        self._taken.add(name if name not in self._taken else (name := f"{name}_{len(self._taken)}"))
        return name


@attrs.define
class Spot:
    """A node, as the end of an edge: `sure` if no choice cuts it off from the noise."""

    name: str
    shape: Shape
    sure: bool = True
    used: bool = False
    merge: str = "sum"
    label: bool = False

    @property
    def closed(self) -> bool:
        """Whether no further edge may lead to it, and none of its be `none`."""
        return self.merge not in ("sum", "mean", "product")


@attrs.define
class EdgeType:
    name: str
    ends: tuple[Shape, Shape]
    candidates: tuple[str, ...]
    keeps: bool = False
    within: bool = False  # only inside blocks

    @property
    def none(self) -> bool:
        return "none" in self.candidates


@attrs.define
class Draft:
    """`room` is how many architectures there may still be; what is written stands `times` in the
    program, as instances of a `block` or rounds of a loop do."""

    random: Random
    pipelines: Pipelines
    names: Names
    sizes: Sizes
    room: int
    times: int = 1
    block: str | None = None
    statements: list[str] = attrs.field(factory=list)
    spots: list[Spot] = attrs.field(factory=list)
    types: list[EdgeType] = attrs.field(factory=list)
    pairs: dict[tuple[str, str], tuple[str, ...]] = attrs.field(factory=dict)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def node(self, shape: Shape, merge: str = "", word: str = "node", name: str = "") -> Spot:
        spot = Spot(name or next(self.names), shape, merge=merge or "sum")
        self.declare(spot, word)
        return self.add(spot)

    def declare(self, spot: Spot, word: str = "node") -> None:
        merge = "" if spot.merge == "sum" and not self.chance(0.05) else f" merge {spot.merge}"
        then = f" then {self.pipelines.keeping(spot.shape)}" if self.chance(0.35) else ""
        fixed = word == "output" or spot.merge == "concat"
        shape = (self.sizes.shape if fixed else self.sizes.node)(spot.shape)
        self.statements.append(f"{word} {spot.name} {shape}{merge}{then}")

    def add(self, spot: Spot) -> Spot:
        self.spots.append(spot)
        return spot

    def spot(self, name: str) -> Spot:
        return next(spot for spot in self.spots if spot.name == name)

    def source(self, *, maps: bool | None = None, sure: bool = False) -> Spot:
        """One to lead an edge from, rather a late one."""
        found = [
            s for s in self.spots
            if (maps is None or (len(s.shape) == 3) == maps) and s.sure >= sure and not s.label
        ]  # fmt: skip
        return self.random.choice(found[-4:] or self.spots)

    def unused(self) -> list[Spot]:
        return [s for s in self.spots if not s.used]

    def connect(
        self,
        sources: Spot | Sequence[Spot],
        targets: Spot | Sequence[Spot],
        *,
        sure: bool = False,
        text: str | None = None,
        most: int = 4,
    ) -> None:
        """Edges between all of them that are not there yet. With `sure`, none is `none`."""
        starts, ends = _several(sources), _several(targets)
        new = [(a, b) for a in starts for b in ends if (a.name, b.name) not in self.pairs]
        alike = len(new) == len(starts) * len(ends) > 1 and _alike(starts) and _alike(ends)
        if alike and self.chance(0.8):
            self._write(starts, ends, sure, text, most)
            return
        for a, b in new:
            self._write([a], [b], sure, text, most)

    def _write(
        self, starts: Sequence[Spot], ends: Sequence[Spot], sure: bool, text: str | None, most: int
    ) -> None:
        source, target = starts[0], ends[0]
        sure = sure or target.closed
        times = self.times * len(starts) * len(ends)
        words, candidates = (
            ("link", (text,)) if text else self._alternatives(source, target, sure, most, times)
        )
        written = f"{words} {_set(starts)} -> {_set(ends)}"
        if words.endswith("link") or (candidates and self.chance(0.1)):
            written += f" = {' | '.join(candidates)}"
        self.statements.append(written)
        for a in starts:
            a.used = True
            for b in ends:
                self.pairs[a.name, b.name] = (*candidates, *["none"] * words.startswith("optional"))

    def _alternatives(
        self, source: Spot, target: Spot, sure: bool, most: int, times: int
    ) -> tuple[str, tuple[str, ...]]:
        """A type of edge with its candidates, or `link` with some of its own."""
        end = _end(source, target)
        known = self._known(source, target, sure, times)
        if known and not source.label and self.chance(0.5):
            type = self.random.choice(known)
            self.room //= len(type.candidates) ** times
            return type.name, type.candidates
        candidates = self._candidates(source, end, sure, most, times)
        lone = tuple(c for c in candidates if c != "none")
        if lone and len(lone) < len(candidates) and self.chance(0.2):
            return "optional link", lone
        return "link", candidates

    def _known(self, source: Spot, target: Spot, sure: bool, times: int) -> list[EdgeType]:
        """The types that an edge may have."""
        ends = source.shape, _end(source, target)
        return [
            t
            for t in self.types
            if t.ends == ends
            and not (sure and t.none)
            and not (t.keeps and source.shape != target.shape)
            and not (t.within and self.block is None)
            and len(t.candidates) ** times <= self.room
        ]

    def _candidates(
        self, source: Spot, end: Shape, sure: bool, most: int, times: int
    ) -> tuple[str, ...]:
        count = self.random.choice((1, 1, 2, 2, 3, 4)[: most + 2])
        while count > 1 and count**times > self.room:
            count -= 1
        self.room //= count**times
        drawn = [self.pipelines.between(source.shape, end, source.label) for _ in range(count)]
        found = list(dict.fromkeys(drawn if sure else map(self._perhaps, drawn)))
        if count > 1 and not sure and self.chance(0.6):
            found[self.random.randint(1, len(found)) :] = ["none"]
        return tuple(found)

    def _perhaps(self, pipeline: str) -> str:
        """With a choice behind it that may make it `none`."""
        steps = [s.text for s in self.pipelines.steps if s.does == "perhaps"]
        return (
            f"{pipeline} >> {self.random.choice(steps)}" if steps and self.chance(0.5) else pipeline
        )

    def settle(self, spot: Spot) -> None:
        """Whether it is sure, from the edges that lead to it by now."""
        into = [(a, c) for (a, b), c in self.pairs.items() if b == spot.name]
        sure = {s.name for s in self.spots if s.sure}
        spot.sure = any(a in sure and not _may_be_none(c, self.pipelines.steps) for a, c in into)


def _may_be_none(candidates: Iterable[str], steps: Iterable[Step]) -> bool:
    names = {"none", *(s.text for s in steps if s.does == "perhaps")}
    return any(names & set(c.split(" >> ")) for c in candidates)


def _several(spots: Spot | Sequence[Spot]) -> list[Spot]:
    return [spots] if isinstance(spots, Spot) else list(spots)


def _alike(spots: Sequence[Spot]) -> bool:
    return len({(s.shape, s.merge, s.label) for s in spots}) == 1


def _end(source: Spot, target: Spot) -> Shape:
    """What an edge leads to: a part of a concatenation keeps its source's channels."""
    if target.merge != "concat" or len(source.shape) != len(target.shape):
        return target.shape
    return (source.shape[0], *target.shape[1:])


def _set(spots: Sequence[Spot]) -> str:
    return spots[0].name if len(spots) == 1 else f"{{{', '.join(s.name for s in spots)}}}"
