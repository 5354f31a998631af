"""What real nets are made of: each pattern adds nodes to a draft, and edges from what is there."""

from __future__ import annotations

from collections.abc import Callable

from fuzzing.draft import Draft, Spot
from fuzzing.pipelines import Shape

Pattern = Callable[[Draft], None]
MERGES = ("", "", "", "sum", "mean", "product")


def merge(draft: Draft) -> str:
    return draft.random.choice(MERGES)


def maps(draft: Draft) -> Spot:
    """Feature maps that are there, or made of what is."""
    found = draft.source(maps=True)
    return found if len(found.shape) == 3 else grown(draft, found, some_shape(draft))


def grown(draft: Draft, source: Spot, shape: Shape, merging: str = "") -> Spot:
    """A new node behind another."""
    spot = draft.node(shape, merging)
    draft.connect(source, spot, sure=draft.chance(0.6))
    draft.settle(spot)
    return spot


def some_shape(draft: Draft) -> Shape:
    channels = draft.random.choice((1, 2, 3, 4, 8, 8) if draft.chance(0.3) else (2, 4))
    if draft.sizes.side is not None:
        side = draft.sizes.side * draft.random.choice((1, 1, 1, 2))
        return channels, side, side
    side = draft.random.choice((1, 2, 2, 4, 4, 4, 8, 3, 6))
    return channels, side, draft.random.choice((side,) * 7 + (2, 5))


def resized(draft: Draft, shape: Shape) -> Shape:
    """The same maps at another resolution, or at this one."""
    channels, height, width = shape
    ways = [(height, width)] * 2
    if height * width <= 16:
        ways += [(2 * height, 2 * width)] * 3 + [(3 * height, 3 * width)] * (height * width == 1)
    if height % 2 == width % 2 == 0 and (draft.sizes.side is None or height > draft.sizes.side):
        ways.append((height // 2, width // 2))
    return (channels, *draft.random.choice(ways))


def chain(draft: Draft) -> None:
    source = draft.source()
    for _ in range(draft.random.choice((1, 1, 1, 2, 3))):
        shape = resized(draft, source.shape) if len(source.shape) == 3 else some_shape(draft)
        source = grown(draft, source, shape, merge(draft))


def residual(draft: Draft) -> None:
    """A sum of a value and of what a branch makes of it."""
    source = maps(draft)
    end = resized(draft, source.shape)
    inner = grown(draft, source, end)
    out = draft.node(end, merge(draft))
    draft.connect(inner, out)
    draft.connect(source, out, sure=draft.chance(0.7))
    draft.settle(out)


def dense(draft: Draft) -> None:
    """Each node reads all before it."""
    before = [maps(draft)]
    for _ in range(draft.random.choice((2, 2, 3))):
        spot = draft.node(before[-1].shape, merge(draft))
        for source in before:
            draft.connect(source, spot)
        draft.settle(spot)
        before.append(spot)


def branches(draft: Draft) -> None:
    """Parallel ways that meet."""
    source = maps(draft) if draft.chance(0.8) else draft.source()
    shape = resized(draft, source.shape) if len(source.shape) == 3 else source.shape
    middle = [draft.node(shape, merge(draft)) for _ in range(draft.random.choice((2, 2, 3)))]
    draft.connect(source, middle)
    for spot in middle:
        draft.settle(spot)
    if all(spot.sure for spot in middle) and draft.chance(0.4):
        joined(draft, middle)
        return
    out = draft.node(shape if draft.chance(0.6) else some_shape(draft), merge(draft))
    draft.connect(middle, out)
    draft.settle(out)


def joined(draft: Draft, parts: list[Spot]) -> None:
    """A concatenation of feature maps of one resolution, or of vectors."""
    first = sum(spot.shape[0] for spot in parts)
    out = draft.node((first, *parts[0].shape[1:]), "concat")
    draft.connect(parts, out)
    draft.settle(out)


def twice(draft: Draft) -> None:
    """Values of one kind that are each used directly and behind something, as in residual blocks:
    what a pass puts together must be there for every user."""
    source = maps(draft)
    shape = resized(draft, source.shape)
    first = [draft.node(shape) for _ in range(draft.random.choice((2, 2, 2, 3)))]
    draft.connect(source, first, sure=True, most=draft.random.choice((1, 1, 2)))
    second = [draft.node(shape) for _ in first]
    for a, b in zip(first, second, strict=True):
        draft.connect(a, b, sure=True, text=draft.random.choice((None, "relu", "tanh")))
    out = draft.node(shape, merge(draft))
    draft.connect(second, out, most=draft.random.choice((1, 1, 2)))
    if draft.chance(0.7):
        draft.connect(first, out, text=draft.random.choice(("identity", "identity", None)))
    for spot in (*first, *second, out):
        draft.settle(spot)


def styled(draft: Draft) -> None:
    """Maps that a vector scales: by one pixel, resized."""
    source, vector = maps(draft), draft.source(maps=False)
    if source is vector:
        return
    style = grown(draft, vector, (source.shape[0], 1, 1))
    out = draft.node(source.shape, "product")
    draft.connect(source, out, sure=True)
    draft.connect(style, out, text=draft.random.choice(("nearest", "bilinear", None)))
    draft.settle(out)


def modulated(draft: Draft) -> None:
    """Maps, or a vector, that a vector scales and shifts, or whose convolution it scales."""
    source, vector = draft.source(sure=True), draft.source(maps=False, sure=True)
    known = source.sure and vector.sure and not (source.label or vector.label)
    if source is vector or len(vector.shape) != 1 or not known:
        return
    end = resized(draft, source.shape) if len(source.shape) == 3 else source.shape
    if len(end) == 3 and draft.chance(0.6):
        more = ("", ", demodulate=false", ", bias=false", ", equal=true")
        kind = f"modconv({draft.random.choice((1, 3, 3, 5))}{draft.random.choice(more)})"
        shape, style = (draft.random.choice((1, 2, 4)), *end[1:]), end[:1]
    else:
        kind, shape, style = "film", end, (2 * end[0],)
    out = draft.node(shape, kind)
    # In one piece: it is their order that says what is read how.
    pairs = (source, end), (vector, style)
    draft.statements.append("\n".join(_read(draft, a, out, wanted) for a, wanted in pairs))


def _read(draft: Draft, source: Spot, target: Spot, wanted: Shape) -> str:
    candidates = draft._candidates(source, wanted, True, 2, draft.times)
    source.used = True
    draft.pairs[source.name, target.name] = candidates
    return f"link {source.name} -> {target.name} = {' | '.join(candidates)}"


def unet(draft: Draft) -> None:
    """Down, up again, and concatenated with what was there before."""
    source = next((s for s in draft.spots[::-1] if s.sure and len(s.shape) == 3), None)
    if source is None or source.shape[1] % 2 or source.shape[2] % 2 or draft.sizes.side is not None:
        return
    channels, height, width = source.shape
    low = draft.node((min(2 * channels, 8), height // 2, width // 2))
    draft.connect(source, low, sure=True)
    draft.settle(low)
    if low.sure:
        out = draft.node((low.shape[0] + channels, height, width), "concat")
        draft.connect([source], [out], text=draft.random.choice(("identity", None)))
        draft.connect([low], [out])
        draft.settle(out)


def tangle(draft: Draft) -> None:
    """A few nodes with edges between any two of them."""
    low = maps(draft)
    high = resized(draft, low.shape)
    spots = [low]
    for shape in [low.shape] * draft.random.randint(1, 2) + [high] * draft.random.randint(0, 2):
        spot = draft.node(shape, merge(draft))
        draft.connect(spots[-1], spot, sure=draft.chance(0.5))
        for source in spots[:-1]:
            if draft.chance(0.4):
                draft.connect(source, spot)
        draft.settle(spot)
        spots.append(spot)


def vectors(draft: Draft) -> None:
    """A mapping network, which noise goes through before it is maps."""
    source = draft.source(maps=False)
    for _ in range(draft.random.randint(1, 2)):
        source = grown(draft, source, (draft.random.choice((2, 4, 4, 5)),), merge(draft))


def loop(draft: Draft) -> None:
    """Nodes with an index: parallel ones, or one behind the other."""
    source, count = maps(draft), draft.random.randint(2, 3)
    name, index = next(draft.names), draft.random.choice(("i", "j"))
    first = draft.random.choice((0, 1))
    out = draft.node(source.shape, merge(draft))
    inner = Draft(
        draft.random, draft.pipelines, draft.names, draft.sizes, draft.room, draft.times * count
    )
    here = Spot(f"{name}[{index}]", source.shape)
    inner.declare(here)
    inner.connect(here, out)
    if draft.chance(0.5):
        inner.connect(source, here)
    else:
        _behind(inner, source, here, index, first)
    source.used, out.sure, draft.room = True, False, inner.room
    header = f"for {index} in {first}..{first + count - 1} {{"
    draft.statements.append("\n".join([header, *inner.statements, "}"]))
    for number in range(first, first + count):
        draft.add(Spot(f"{name}[{number}]", source.shape, sure=False, used=True))


def _behind(inner: Draft, source: Spot, here: Spot, index: str, first: int) -> None:
    """Each round's node behind that of the one before, the first behind the source."""
    before = Spot(here.name.replace("]", " - 1]"), here.shape)
    inner.connect(before, here, text=inner.random.choice(("identity", "relu", "conv(1)")))
    link = inner.statements.pop()
    start = (
        f"link {source.name} -> {here.name} = {inner.pipelines.between(source.shape, here.shape)}"
    )
    inner.statements.append(f"if {index} > {first} {{\n{link}\n}} else {{\n{start}\n}}")


PATTERNS: tuple[Pattern, ...] = (
    chain, residual, residual, dense, branches, branches, twice, twice, styled, modulated,
    modulated, unet, tangle, tangle, vectors, loop,
)  # fmt: skip
