"""What a network's blocks are at each resolution, read off the graph of what it computes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

import attrs
from torch import fx, nn

from autorecon.compress.quantization.calls import (
    WeightedCall,
    groups_of,
    unweighted_macs,
    weighted_calls,
)
from autorecon.compress.quantization.capture import capture
from autorecon.compress.quantization.operations import MOVEMENTS, SHAPES, SUMS, operation
from autorecon.teachers import Teacher, TeacherError

MOST_KERNEL = 7


@attrs.frozen
class Stage:
    """The blocks that a network has at about one resolution.

    `channels` is the width of what they hand on, `kernels` the sides of their convolutions'
    kernels, smallest first, of which some are `depthwise`; with `shortcut` a sum leads around them.
    `layers` names the first and the last layer with weights; none is a stage between two others.
    """

    channels: int
    height: int
    width: int
    blocks: int = 1
    kernels: tuple[int, ...] = (3,)
    depthwise: bool = False
    shortcut: bool = False
    layers: tuple[str, ...] = ()


def stages(teacher: Teacher) -> tuple[list[Stage], int]:
    """A stage for each octave of resolution, from the image on, and the network's
    multiply-accumulates.

    A block ends where all that is still to be computed depends on one value, maps of more than a
    pixel: after a sum, a concatenation, the last of a chain. What a block widens inside, and
    narrows before its end, does not count. Raises TeacherError for a network that has no maps, and
    CompressError for one that cannot be followed.
    """
    module: nn.Module = teacher.module
    traced = capture(module, teacher.image_shape)
    calls = weighted_calls(traced)
    macs = sum(call.macs for call in calls) + sum(unweighted_macs(traced).values())
    ends = list(_narrow(n for n in _block_ends(traced) if _is_map(n, teacher)))
    if not ends:
        raise TeacherError(
            f"{teacher.name} computes no maps whose blocks could be mirrored: take a space that is "
            "there (`autorecon spaces`) or write one"
        )
    sides = teacher.image_shape[1]

    def octave(node: fx.Node) -> int:
        return round(math.log2(sides / node.meta["shape"][2]))

    found = []
    for number, own in groupby(ends, octave):
        inside = [c for c in calls if _is_map(c.node, teacher) and octave(c.node) == number]
        found.append(_stage(list(own), traced, inside))
    return found, macs


def _block_ends(traced: fx.GraphModule) -> Iterator[fx.Node]:
    """Values that alone lead on, in the order of the graph, maps that do not grow."""
    values = _of_the_image(traced)
    place = {node: index for index, node in enumerate(values)}
    last = {node: max((place.get(user, 0) for user in node.users), default=0) for node in values}
    open_until, smallest = 0, math.inf
    for index, node in enumerate(values):
        alone = open_until <= index
        open_until = max(open_until, last[node])
        pixels = math.prod(node.meta.get("shape", ())[2:])
        if alone and node.op != "placeholder" and 1 < pixels <= smallest:
            smallest = pixels
            yield node


def _is_map(node: fx.Node, teacher: Teacher) -> bool:
    """Whether a value is maps [N, C, height, width]: as high by its width as the images, but for
    a pixel."""
    shape, (_, rows, columns) = node.meta.get("shape", ()), teacher.image_shape
    return len(shape) == 4 and abs(shape[2] * columns - shape[3] * rows) <= max(rows, columns)


def _of_the_image(traced: fx.GraphModule) -> list[fx.Node]:
    """What depends on the image, but for numbers that are made of shapes."""
    found: dict[fx.Node, None] = {}
    for node in traced.graph.nodes:
        is_number = operation(node) in SHAPES or not _is_tensor(node)
        if node.op == "placeholder" or (
            node.op != "output" and not is_number and any(n in found for n in node.all_input_nodes)
        ):
            found[node] = None
    return list(found)


def _is_tensor(node: fx.Node) -> bool:
    """Or several of them, of which others take theirs."""
    return "shape" in node.meta or any("shape" in user.meta for user in node.users)


def _narrow(ends: Iterator[fx.Node]) -> Iterator[fx.Node]:
    """Those without what is wider than something before and something after it."""
    nodes = list(ends)
    widths = [node.meta["shape"][1] for node in nodes]
    for index, (node, width) in enumerate(zip(nodes, widths, strict=True)):
        before = min(widths[:index], default=width)
        after = min(widths[index + 1 :], default=width)
        if not before < width > after:
            yield node


def _stage(ends: Sequence[fx.Node], traced: fx.GraphModule, own: list[WeightedCall]) -> Stage:
    height, width = ends[-1].meta["shape"][2:]
    maps = [c for c in own if len(c.weight.meta["shape"]) == 4]
    sides = {max(c.weight.meta["shape"][2:]) for c in maps}
    deep = any(groups_of(c.node) == c.node.meta["shape"][1] > 1 for c in maps)
    blocks = _blocks(ends, own, traced)
    return Stage(
        channels=_width(ends),
        height=height,
        width=width,
        blocks=blocks,
        kernels=tuple(sorted(side for side in sides if side % 2 and side <= MOST_KERNEL)) or (3,),
        depthwise=deep,
        shortcut=any(_is_shortcut(node) for node in ends),
        layers=tuple(dict.fromkeys(c.layer for c in (own[:1] + own[-1:]))),
    )


def _width(ends: Sequence[fx.Node]) -> int:
    """That which most of a stage's blocks hand on; of as many the later."""
    counts: dict[int, int] = {}
    for node in ends:
        counts[node.meta["shape"][1]] = counts.get(node.meta["shape"][1], 0) + 1
    return max(reversed(counts), key=lambda channels: counts[channels])


def _blocks(ends: Sequence[fx.Node], own: list[WeightedCall], traced: fx.GraphModule) -> int:
    """How many ends have a layer with weights between them and the end before."""
    order = {node: index for index, node in enumerate(traced.graph.nodes)}
    weighted = sorted(order[call.node] for call in own)
    found, reached = 0, -1
    for node in ends:
        between = [place for place in weighted if reached < place <= order[node]]
        found += bool(between)
        reached = order[node]
    return max(found, 1)


def _is_shortcut(node: fx.Node) -> bool:
    """Whether an end is the sum of two values, or what is made of one."""
    while operation(node) not in SUMS:
        parts = [part for part in node.all_input_nodes if "shape" in part.meta]
        values = [part for part in parts if part.op != "get_attr"]
        if len(values) != 1 or operation(node) in MOVEMENTS or _weighs(node):
            return False
        node = values[0]
    return sum(part.op != "get_attr" for part in node.all_input_nodes) > 1


def _weighs(node: fx.Node) -> bool:
    return any(
        part.op == "get_attr" and len(part.meta.get("shape", ())) > 1
        for part in node.all_input_nodes
    )
