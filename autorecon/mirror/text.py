"""From a network's stages to a `.space` text: what a person goes on with."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from textwrap import wrap

import attrs

from autorecon.graph import Space, loads
from autorecon.lang.fmt import format_source
from autorecon.lang.source import Source
from autorecon.mirror.stages import Stage, stages
from autorecon.teachers import Teacher, TeacherError

PARTS = 16
"""Widths are taken in so many steps of what the network has, until the budget holds."""
LEAST = 4
"""Channels that a stage has at least, and that widths are multiples of."""
SEED_PIXELS = 200
"""Above so many, the first maps would take too many weights to be made of a vector."""


@attrs.frozen
class Mirrored:
    """A space that mirrors a network: checked, its text, and the part of its widths that it has."""

    space: Space
    text: str
    part: float
    stages: tuple[Stage, ...]


def mirror(teacher: Teacher, *, macs: int | None = None, blocks: int = 2) -> Mirrored:
    """A search space of generators for a teacher: each of its stages, from the last to the first,
    with at most so many of its `blocks`, at its resolution and width.

    Every architecture takes at most `macs` multiply-accumulates an image, by default as many as
    the network: widths shrink together until they do. Raises TeacherError where the network has
    nothing to mirror, or the budget is below the narrowest.
    """
    found, own = stages(teacher)
    budget = own if macs is None else macs
    whole = list(_filled(found, teacher))
    for steps in range(PARTS, 0, -1):
        part = steps / PARTS
        text = format_source(Source(_text(teacher, whole, part, blocks, budget, own)))
        space = loads(text)
        if space.cost.macs.max <= budget:
            return Mirrored(space, text, part, tuple(whole))
    least = space.cost.macs.max
    raise TeacherError(
        f"a mirror of {teacher.name} takes up to {least:,} multiply-accumulates an image at 1/"
        f"{PARTS} of its widths, more than {budget:,}: try --macs {least}"
    )


def _filled(found: Sequence[Stage], teacher: Teacher) -> Iterator[Stage]:
    """Stages from the first maps to those next to the image, each at most twice the one before."""
    _, rows, columns = teacher.image_shape
    last = found[-1]
    low = []
    while last.height * last.width > SEED_PIXELS:
        height, width = math.ceil(last.height / 2), math.ceil(last.width / 2)
        last = Stage(last.channels, height, width, shortcut=last.shortcut)
        low.append(last)
    yield from reversed(low)
    ahead = [*reversed(found), Stage(0, rows, columns)]
    for stage, after in itertools.pairwise(ahead):
        yield stage
        while after.height > 2.9 * stage.height:
            channels = max(stage.channels // 2, after.channels)
            height, width = 2 * stage.height, 2 * stage.width
            stage = Stage(channels, height, width, shortcut=stage.shortcut)
            yield stage


def _text(
    teacher: Teacher, whole: Sequence[Stage], part: float, blocks: int, budget: int, own: int
) -> str:
    channels, rows, columns = teacher.image_shape
    name = "of_" + re.sub(r"[^A-Za-z0-9]+", "_", teacher.name).strip("_")
    shown = "all of its widths" if part == 1 else f"{part:.4g} of its widths"
    about = (
        f"Generators for {teacher.name} ({own:,} multiply-accumulates of a {channels}x{rows}x"
        f"{columns} image): its blocks, mirrored from the logits back to the image, at {shown}, so "
        f"that no architecture takes more than {budget:,}."
    )
    first = whole[0]
    lines = [
        *(f"# {line}" for line in wrap(about, 97)),
        f"space {name}(classes = {teacher.classes}, channels = {channels}, latent = 100)",
        "",
        "# How features are normalised, and how the resolution grows: a decision each for all.",
        "choice norm = bn(eps=0.8) | bn",
        "choice grown = nearest | bilinear",
        "op soft = norm >> leaky_relu(0.2)",
        "",
        "input z [latent]: noise",
        "input y: label(classes)",
        "node scaled [latent] merge product",
        "node code   [latent]",
        f"output image [channels, {rows}, {columns}] then tanh >> bn(affine=false)",
        "",
        "# The class scales the noise, is added to the first features, or both.",
        "link z -> scaled = identity",
        "link y -> scaled = embed",
        "link scaled -> code = identity | none",
        "link z -> code = identity | none",
        f"link code -> {_node(0, 0)} = linear",
        f"link y -> {_node(0, 0)} = {_entry(teacher.classes, first, part)} | none",
    ]
    for index, stage in enumerate(whole):
        lines += _stage(index, stage, whole[index - 1] if index else None, part, blocks)
    last = whole[-1]
    read = _node(len(whole) - 1, _count(last, blocks))
    same = (last.height, last.width) == (rows, columns)
    lines += ["", f"link {read} -> image = {'conv(3)' if same else 'grown >> conv(3)'}"]
    return "\n".join(lines) + "\n"


def _stage(
    index: int, stage: Stage, before: Stage | None, part: float, blocks: int
) -> Iterator[str]:
    width, count = _width(stage, part), _count(stage, blocks)
    shape = f"[{width}, {stage.height}, {stage.width}]"
    names = [_node(index, number) for number in range(count + 1)]
    yield ""
    yield from (f"# {line}" for line in wrap(_comment(stage, count), 97))
    yield f"node {', '.join(names)} {shape} then soft"
    if before is not None:
        grows = (before.height, before.width) != (stage.height, stage.width)
        source = _node(index - 1, _count(before, blocks))
        kernels = "grown >> conv(3) | grown >> conv(1)" if grows else "conv(3) | conv(1)"
        yield f"link {source} -> {names[0]} = {kernels}"
        # Noise and class once more, as a bias of each channel that is drawn for each image.
        entry = f"again{index + 1}"
        yield f"node {entry} [{width}, 1, 1]"
        yield f"link code -> {entry} = linear"
        yield f"link {entry} -> {names[0]} = nearest | none"
    kernels = " | ".join(_kernels(stage))
    for source, target in itertools.pairwise(names):
        if stage.shortcut:
            inside = f"in_{target}"
            yield f"node {inside} {shape} then soft"
            yield f"link {source} -> {inside} = {kernels} | none"
            yield f"link {inside} -> {target} = conv(1) | conv(3)"
            yield f"link {source} -> {target} = identity"
        else:
            yield f"link {source} -> {target} = {kernels} | identity"


def _comment(stage: Stage, count: int) -> str:
    size = f"{stage.channels} channels of {stage.height}x{stage.width}"
    if not stage.layers:
        return f"Between two of the network's resolutions: {size}."
    kind = "depthwise " if stage.depthwise else ""
    kernels = " and ".join(f"{side}x{side}" for side in stage.kernels)
    blocks = f"{stage.blocks} block{'s' * (stage.blocks > 1)}"
    held = "" if count >= stage.blocks else f", of which {count} here"
    around = ", a sum around them" if stage.shortcut else ""
    layers = " to ".join(stage.layers)
    return f"{size}, {blocks}{held} of {kind}{kernels}{around}: {layers}."


def _kernels(stage: Stage) -> Iterator[str]:
    """Those of the network, and 3x3; a 1x1 alone sees no neighbours."""
    sides = sorted({3, *stage.kernels})
    yield from (f"conv({side})" for side in sides)
    if stage.depthwise:
        yield from (f"sepconv({side})" for side in sides if side > 1)


def _entry(classes: int, first: Stage, part: float) -> str:
    """What makes first features of a class: a table, or where that is large one of 16 numbers."""
    size = classes * _width(first, part) * first.height * first.width
    return "embed" if size <= 2_000_000 else "embed(16) >> linear"


def _width(stage: Stage, part: float) -> int:
    return max(LEAST, LEAST * round(stage.channels * part / LEAST))


def _count(stage: Stage, blocks: int) -> int:
    return min(stage.blocks, blocks)


def _node(index: int, number: int) -> str:
    return f"s{index + 1}{'abcdefghijklmnopqrstuvwxyz'[number]}"
