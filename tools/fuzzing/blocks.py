"""Blocks, and instances of them that stand one after the other."""

from __future__ import annotations

import attrs

from fuzzing.draft import Draft, Names, Spot
from fuzzing.patterns import branches, dense, loop, residual, tangle, twice
from fuzzing.pipelines import Step

INSIDE = (residual, dense, branches, twice, tangle, loop)


@attrs.frozen
class Template:
    """A block's text, and what it has at `side`."""

    name: str
    text: str
    inner: Draft
    ports: tuple[tuple[Spot, ...], tuple[Spot, ...]]  # in, out
    side: int


def template(draft: Draft, name: str, instances: int) -> Template:
    """A block whose `out` ports are like its `in` ports, at once or twice the resolution."""
    side = draft.random.choice((2, 4))
    inner = Draft(
        draft.random, draft.pipelines, Names(draft.random, "n"), draft.room, draft.values, side,
        instances, name,
    )  # fmt: skip
    channels = [draft.random.choice((2, 2, 4, 3)) for _ in range(draft.random.choice((1, 1, 2)))]
    before = list(draft.pipelines.steps)
    choice = _own_choice(inner)
    into = tuple(inner.node((c, side, side), word="in") for c in channels)
    for _ in range(draft.random.choice((0, 0, 1))):
        draft.random.choice(INSIDE)(inner)
    grown = side * draft.random.choice((1, 2))
    out = tuple(inner.node((c, grown, grown), word="out") for c in channels)
    for spot in (*inner.unused(), *into):
        if spot not in out:
            inner.connect(spot, draft.random.choice(out))
    for port in out:
        inner.connect(draft.random.choice(into), port, sure=True)
    draft.pipelines.steps = before
    draft.room = inner.room
    ports = [s for s in inner.statements if s.startswith(("in ", "out "))]
    others = [s for s in inner.statements if s not in ports]
    ordered = [*ports, *shuffled(draft, others)]
    body = "\n".join([*choice, *(ordered if draft.chance(0.5) else inner.statements)])
    return Template(name, f"block {name}(side) {{\n{body}\n}}", inner, (into, out), side)


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
    indexed = draft.chance(0.3)
    name = next(draft.names)
    made: list[str] = []
    side = block.side if count < 3 else 2
    for number in range(count):
        own = f"{name}[{number}]" if indexed else f"{name}_{number}"
        after = bool(made) and draft.chance(0.8) and side <= 8
        ends = _instance(draft, block, own, side, made[-1] if after else None)
        made.append(own)
        growth = block.ports[1][0].shape[1] // block.side
        side = side * growth if ends and side * growth <= 8 else side
    if count > 1 and draft.chance(0.4):
        word = draft.random.choice(("choice", "weights"))
        draft.statements.append(f"share {word} {', '.join(made)}")


def _instance(draft: Draft, block: Template, name: str, side: int, after: str | None) -> bool:
    into, out = block.ports
    growth = out[0].shape[1] // block.side
    if after:
        side = _side_after(draft, block, after)
    tail = f" after {after}" if after else ""
    draft.statements.append(f"{name} = {block.name}({draft.number(side)}){tail}")
    for spot in block.inner.spots:
        if spot in out or (spot in into and after):
            continue
        shape = (spot.shape[0], *(h * side // block.side for h in spot.shape[1:]))
        here = Spot(f"{name}.{spot.name}", shape, spot.sure, used=True, merge=spot.merge)
        if spot in into:
            source = draft.source(sure=True)
            draft.connect(source, here, sure=True)
        draft.add(here)
    if after:
        for spot in draft.spots:
            if spot.name in {f"{after}.{port.name}" for port in out}:
                spot.used = True
    for port in out:
        shape = (port.shape[0], side * growth, side * growth)
        draft.add(Spot(f"{name}.{port.name}", shape))
    return True


def _side_after(draft: Draft, block: Template, after: str) -> int:
    port = f"{after}.{block.ports[1][0].name}"
    return next(s.shape[1] for s in draft.spots if s.name == port)
