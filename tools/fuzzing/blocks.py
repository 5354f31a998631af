"""Blocks, and instances of them that stand one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from fuzzing.draft import Draft, EdgeType, Names, Spot
from fuzzing.patterns import branches, dense, loop, residual, tangle, twice
from fuzzing.pipelines import Step
from fuzzing.sizes import Sizes

INSIDE = (residual, dense, branches, twice, tangle, loop)


@attrs.frozen
class Template:
    """A block's text, and what it has at `side`."""

    name: str
    text: str
    inner: Draft
    ports: tuple[tuple[Spot, ...], tuple[Spot, ...]]  # in, out
    side: int

    @property
    def growth(self) -> int:
        return self.ports[1][0].shape[1] // self.side


def template(draft: Draft, name: str, instances: int) -> Template:
    """A block whose `out` ports are like its `in` ports, at once or twice the resolution."""
    side = draft.random.choice((2, 4))
    inner = Draft(
        draft.random, draft.pipelines, Names(draft.random, "n"),
        Sizes(draft.random, draft.sizes.values, side, draft.sizes.decided), draft.room, instances,
        name, types=draft.types,
    )  # fmt: skip
    channels = [draft.random.choice((2, 2, 4, 3)) for _ in range(draft.random.choice((1, 1, 2)))]
    growth = draft.random.choice((1, 2))
    if growth > 1 and draft.chance(0.4):
        _enlarging(draft, channels[0], side)
    before = list(draft.pipelines.steps)
    choice = _own_choice(inner)
    into = tuple(inner.node((c, side, side), word="in") for c in channels)
    for _ in range(draft.random.choice((0, 0, 1))):
        draft.random.choice(INSIDE)(inner)
    out = tuple(inner.node((c, growth * side, growth * side), word="out") for c in channels)
    _wired(inner, into, out)
    draft.pipelines.steps = before
    draft.room = inner.room
    body = "\n".join([*choice, *_body(draft, inner)])
    head = draft.random.choice(("side", "side", f"side = {side}"))
    return Template(name, f"block {name}({head}) {{\n{body}\n}}", inner, (into, out), side)


def _wired(inner: Draft, into: Sequence[Spot], out: Sequence[Spot]) -> None:
    """All that leads nowhere yet leads to a port, and each port is sure of what leads to it."""
    for spot in (*inner.unused(), *into):
        if spot not in out:
            inner.connect(spot, inner.random.choice(out))
    for port in out:
        inner.connect(inner.random.choice(into), port, sure=True)


def _body(draft: Draft, inner: Draft) -> list[str]:
    """Ports stay in their order."""
    ports = [s for s in inner.statements if s.startswith(("in ", "out "))]
    others = [s for s in inner.statements if s not in ports]
    body = [*ports, *shuffled(draft, others)] if draft.chance(0.5) else inner.statements
    rule = draft.random.choice(("rule at most one none", "rule at most 2 conv(3)", "let q = side"))
    return [*body, *[rule] * draft.chance(0.1)]


def _enlarging(draft: Draft, channels: int, side: int) -> None:
    """A type of edge that holds blocks to it."""
    ends = (channels, side, side), (channels, 2 * side, 2 * side)
    candidates = tuple({draft.pipelines.between(*ends): None for _ in range(2)})
    name = f"grow{len(draft.types)}"
    draft.statements.append(f"edge {name} enlarges = {' | '.join(candidates)}")
    draft.types.append(EdgeType(name, ends, candidates, within=True))


def _own_choice(inner: Draft) -> list[str]:
    """A choice that each instance makes for itself."""
    if not inner.chance(0.25) or 2**inner.times > inner.room:
        return []
    inner.room //= 2**inner.times
    name = f"c_{next(inner.names)}"
    inner.pipelines.steps.append(Step(name, "keep", maps=True))
    return [f"choice {name} = {inner.random.choice(('bn | identity', 'relu | tanh'))}"]


def shuffled(draft: Draft, statements: list[str]) -> list[str]:
    """In any order, or as they are."""
    return draft.random.sample(statements, len(statements)) if draft.chance(0.3) else statements


def cells(draft: Draft) -> None:
    """A block that is used once or several times, mostly one instance after another."""
    count = draft.random.choice((1, 2, 2, 2, 3))
    block = template(draft, next(draft.names), count)
    draft.statements.append(block.text)
    name, indexed = next(draft.names), draft.chance(0.3)
    made: list[str] = []
    side = block.side if count < 3 else 2
    for number in range(count):
        own = f"{name}[{number}]" if indexed else f"{name}_{number}"
        follows = bool(made) and draft.chance(0.8) and side * block.growth <= 16
        _instance(draft, block, own, side, made[-1] if follows else None)
        if follows and draft.chance(0.3):
            _bridge(draft, block, made[-1], own)
        made.append(own)
        side *= block.growth if follows or not number else 1
    if count > 1 and draft.chance(0.4):
        word = draft.random.choice(("choice", "weights"))
        draft.statements.append(f"share {word} {', '.join(made)}")


def _instance(draft: Draft, block: Template, name: str, side: int, after: str | None) -> None:
    into, out = block.ports
    tail = f" after {after}" if after else ""
    side = draft.spot(f"{after}.{out[0].name}").shape[1] if after else side
    word = draft.random.choice(("", "", "side="))
    draft.statements.append(f"{name} = {block.name}({word}{draft.sizes.number(side)}){tail}")
    for port in out if after else ():
        draft.spot(f"{after}.{port.name}").used = True
    for spot in block.inner.spots:
        if spot in into and after:
            continue
        shape = (spot.shape[0], *(h * side // block.side for h in spot.shape[1:]))
        here = Spot(f"{name}.{spot.name}", shape, spot.sure, spot not in out, spot.merge)
        if spot in into:
            draft.connect(draft.source(sure=True), here, sure=True)
        draft.add(here)


def _bridge(draft: Draft, block: Template, before: str, after: str) -> None:
    """An edge between neighbours that only those may have."""
    source, target = (draft.random.choice(block.inner.spots) for _ in range(2))
    # Out of a port there may be an edge already: the next instance's port is the same node.
    if source in (*block.ports[0], *block.ports[1]) or target in block.ports[0]:
        return
    if target.closed:
        return
    ends = draft.spot(f"{before}.{source.name}"), draft.spot(f"{after}.{target.name}")
    name = f"bridge{len(draft.statements)}"
    text = draft.pipelines.between(ends[0].shape, ends[1].shape)
    none = " | none" if draft.room > 1 else ""
    draft.room //= 2 if none else 1
    draft.statements += [
        f"edge {name} bridges = {text}{none}",
        f"{name} {ends[0].name} -> {ends[1].name}",
    ]
