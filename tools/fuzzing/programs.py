"""Valid programs of the language, drawn: small ones, of the shapes that real nets have."""

from __future__ import annotations

import re
from random import Random

from autorecon.lang import Source, SpaceError, check
from fuzzing.blocks import cells, shuffled
from fuzzing.bounds import dressed, limits, rules, shares
from fuzzing.draft import Draft, EdgeType, Names, Spot
from fuzzing.patterns import PATTERNS
from fuzzing.pipelines import Pipelines, Step
from fuzzing.sizes import Sizes

# How many architectures there may be: few enough to be listed, but for some.
ROOMS = (1, 4, 12, 30, 30, 60, 60, 120, 250)
LARGE = (2_000, 10**6, 10**12)
_CHOICE = "choice wd "


def program(random: Random) -> str:
    """The text of one. Most are sound; rules and limits may leave nothing of some."""
    before = random.getstate()
    text = _drawn(random, sized=True)
    if _CHOICE not in text or _is_sound(text):
        return text
    random.setstate(before)  # what it is with numbers
    return _drawn(random, sized=False)


def _is_sound(text: str) -> bool:
    try:
        check(Source(text))
    except SpaceError:
        return False
    return True


def _drawn(random: Random, sized: bool) -> str:
    room = random.choice(LARGE if random.random() < 0.03 else ROOMS)
    draft = Draft(random, Pipelines(random), Names(random, "n"), Sizes(random), room)
    header = _header(draft)
    header += _decided(draft, header) if sized else []
    labelled = _noiseless(draft) if draft.chance(0.06) else _with_noise(draft)
    _constants(draft)
    named = _named(draft)
    for _ in range(random.choice((1, 1, 1, 1, 1, 1, 2, 3))):
        pattern = cells if draft.chance(0.15) else random.choice(PATTERNS)
        pattern(draft)
        if draft.chance(0.2):
            _edge_type(draft)
    _output(draft, labelled)
    named = [s for s in named if _is_named(s, draft.statements) or draft.chance(0.1)]
    body = _ordered(draft, [*named, *draft.statements])
    text = "\n".join([*header, *body, *shares(draft), *rules(draft)]) + "\n"
    return dressed(draft, text + "".join(f"{limit}\n" for limit in limits(draft, text)))


def _header(draft: Draft) -> list[str]:
    """The header and values to write sizes with."""
    called = draft.random.choice(("s", "net", "Generator_2", "_s", "x1"))
    names = draft.random.sample(("w", "size", "latent", "k", "conv"), draft.random.randint(0, 3))
    values = {name: draft.random.choice((1, 2, 2, 4, 4, 8, 3)) for name in names}
    ranges = {name: " in 1..16" if draft.chance(0.2) else "" for name in names}
    given = ", ".join(f"{name} = {values[name]}{ranges[name]}" for name in names)
    lines = [f"space {called}({given})" if given else f"space {called}"]
    draft.sizes.values.update(values)
    if draft.chance(0.3):
        value = draft.random.choice((2, 4, 6))
        lines.append(f"let half = {draft.sizes.number(value)}")
        draft.sizes.values["half"] = value
    return lines


def _decided(draft: Draft, header: list[str]) -> list[str]:
    """A choice of channels, of which there are more or fewer than are drawn."""
    random = Random(f"{header} {draft.room}")  # of its own: programs without one are as they were
    if draft.room < 4 or random.random() > 0.12:
        return []
    draft.room //= 2
    channels = random.choice((2, 2, 4))
    apart = random.random() < 0.5
    draft.sizes.decided, draft.pipelines.sliced = (channels, "wd"), not apart
    options = [str(channels), str(random.choice((2 * channels, channels + 2)))]
    return [f"{_CHOICE}{'apart ' * apart}= {' | '.join(random.sample(options, 2))}"]


def _with_noise(draft: Draft) -> Spot | None:
    _inputs(draft)
    return _label(draft)


def _noiseless(draft: Draft) -> Spot:
    """A label alone, of which a table makes a vector."""
    spot = draft.add(Spot("y", (draft.random.choice((1, 2, 3)),), label=True))
    draft.pipelines.labels = [spot.name]
    draft.statements.append(f"input y: label({draft.sizes.number(spot.shape[0])})")
    draft.connect(spot, draft.node((draft.random.choice((1, 3, 4)),)), sure=True)
    draft.spots.remove(spot)
    return spot


def _constants(draft: Draft) -> None:
    """Learned values, from which edges may lead on."""
    if draft.chance(0.12):
        shape = draft.random.choice(((2, 2, 2), (4, 1, 1), (3,), (4, 4, 4)))
        spot = draft.add(Spot(next(draft.names), shape, sure=False))
        draft.statements.append(f"input {spot.name} {draft.sizes.shape(shape)}: param")


def _inputs(draft: Draft) -> None:
    for _ in range(draft.random.choice((1, 1, 1, 1, 1, 1, 2, 3))):
        side = draft.random.choice((1, 2, 4))
        maps = (draft.random.choice((1, 2, 4)), side, side)
        shape = maps if draft.chance(0.2) else (draft.random.choice((1, 3, 4, 4, 6)),)
        spot = draft.add(Spot(next(draft.names), shape))
        draft.statements.append(f"input {spot.name} {draft.sizes.shape(shape)}: noise")


def _label(draft: Draft) -> Spot | None:
    """A label input, which conditional norms may read and an edge may leave."""
    if not draft.chance(0.4):
        return None
    spot = Spot(
        draft.random.choice(("y", "y", next(draft.names))), (draft.random.choice((1, 2, 3)),)
    )
    spot.label = True
    draft.pipelines.labels = [spot.name]
    draft.statements.append(f"input {spot.name}: label({draft.sizes.number(spot.shape[0])})")
    if draft.chance(0.35):
        noise = draft.source(maps=False)
        code = draft.node(noise.shape, draft.random.choice(("product", "sum", "mean")))
        draft.connect(noise, code, sure=True)
        draft.connect(spot, code, sure=draft.chance(0.8))
        draft.settle(code)
    return spot


def _named(draft: Draft) -> list[str]:
    """Definitions and choices; what they call pipelines is used by all that follows."""
    lines = []
    if draft.chance(0.25):
        does = draft.random.choice(("keep", "keep", "conv"))
        lines.append(_definition(draft, does))
    for number in range(draft.random.choice((0, 0, 0, 1, 1, 2))):
        if draft.room >= 4:
            lines.append(_choice(draft, f"choice{number}"))
    return lines


def _is_named(definition: str, statements: list[str]) -> bool:
    name = re.split(r"\W+", definition)[1]
    return any(re.search(rf"\b{name}\b", statement) for statement in statements)


def _definition(draft: Draft, does: str) -> str:
    if does == "keep":
        body = draft.pipelines.keeping((1, 1, 1))
        draft.pipelines.steps.append(Step("act", "keep"))
        return f"op act = {body}"
    body = f"conv(q) >> {draft.pipelines.keeping((1, 1, 1))}"
    kernel = draft.random.choice(("3", "q=1"))
    draft.pipelines.steps.append(Step(f"cv({kernel})", "conv", maps=True))
    return f"op cv(q) = {body.replace('act', 'relu')}"


CHOICES = (
    ("keep", "relu | tanh"),
    ("keep", "bn | identity"),
    ("keep", "bn | layer_norm >> relu | identity"),
    ("keep", "leaky_relu(0.2) | prelu | silu"),
    ("conv", "conv(1) | conv(3)"),
    ("conv", "conv(3) | conv(3) >> relu | sepconv(3)"),
    ("up", "nearest | bilinear"),
    ("up", "nearest | deconv(4)"),
    ("perhaps", "identity | none"),
    ("perhaps", "relu | none | identity"),
)


def _choice(draft: Draft, name: str) -> str:
    does, options = draft.random.choice(CHOICES)
    draft.room //= options.count("|") + 1
    maps = does in ("conv", "up")
    draft.pipelines.steps.append(Step(name, does, maps))
    return f"choice {name} = {options}"


def _edge_type(draft: Draft) -> None:
    """A type of edge between shapes that are there, often a set made of another's candidates."""
    source = draft.source()
    end = draft.source() if draft.chance(0.3) else source
    drawn = [draft.pipelines.between(source.shape, end.shape) for _ in range(2)]
    candidates = [*dict.fromkeys(drawn), *["none"] * draft.chance(0.4)]
    name = f"t{len(draft.types)}"
    contract = " keeps" if source.shape == end.shape and draft.chance(0.6) else ""
    ends = (source.shape, end.shape)
    alike = [t for t in draft.types if t.ends == ends]
    text = " | ".join(candidates)
    if alike and draft.chance(0.6):
        text, candidates = _set(draft, alike[0])
    draft.statements.append(f"edge {name}{contract} = {text}")
    draft.types.append(EdgeType(name, ends, tuple(candidates), bool(contract)))


def _set(draft: Draft, type: EdgeType) -> tuple[str, list[str]]:
    """Candidates that are another type's, in part."""
    gone = draft.random.choice(type.candidates)
    left = [c for c in type.candidates if c != gone]
    if left and draft.chance(0.6):
        return f"{type.name} - {{{gone}}}", left
    if draft.chance(0.5):
        return f"{type.name} & {{{gone}}}", [gone]
    return f"({type.name})", list(type.candidates)


def _output(draft: Draft, label: Spot | None) -> None:
    latest = draft.spots[-1].shape
    shape = (draft.random.choice((1, 3, 2)), *latest[1:]) if len(latest) == 3 else (1, 4, 4)
    shape = latest if len(latest) == 3 and draft.chance(0.5) else shape
    left = draft.unused()
    image = draft.node(shape, draft.random.choice(("", "", "mean", "product")), "output", "image")
    for spot in left or [draft.spots[-2]]:
        draft.connect(spot, image, sure=len(left) < 2 and draft.chance(0.7))
    if label and not (label.used or _is_read(label.name, draft.statements)):
        draft.connect(label, image)


def _is_read(label: str, statements: list[str]) -> bool:
    return any(
        f"ccbn({label}" in s and s.startswith(("node", "link", "output")) for s in statements
    )


def _ordered(draft: Draft, statements: list[str]) -> list[str]:
    """What need not stand in order stands in any; some of it under a condition."""
    free = [s for s in statements if not re.match(r"[\w\[\]]+ = ", s)]
    fixed = [s for s in statements if re.match(r"[\w\[\]]+ = ", s)]
    lines = [*shuffled(draft, free), *fixed] if draft.chance(0.3) else statements
    return [_conditional(draft, s) if draft.chance(0.03) else s for s in lines]


def _conditional(draft: Draft, statement: str) -> str:
    if not statement.startswith(("link", "node")):
        return statement
    other = "link nowhere -> to_be_seen = conv(3)"
    if draft.chance(0.5):
        return f"if {draft.sizes.number(2)} == 2 {{\n{statement}\n}} else {{\n{other}\n}}"
    return f"if not true {{\n{other}\n}} else if 1 < 2 or 1 / 0 == 1 {{\n{statement}\n}}"
