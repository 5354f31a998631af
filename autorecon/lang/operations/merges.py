"""Merges: how a node makes one value of what its edges bring, in the order of the text.

A shape rule gets the arguments, the shapes that the edges bring and that of the node. `wants` says
to what an edge leads that leaves its arguments open, of what those before it bring.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable

import attrs

from autorecon.lang.operations.shapes import Label, Shape, ShapeFault, show_shape
from autorecon.lang.operations.spec import Args, OpPlan, Param, Signature
from autorecon.lang.operations.traits import NO_MERGE_TRAITS, MergeTraits

Shapes = tuple[Shape, ...]
MergeRule = Callable[[Args, Shapes, Shape], Shape]
MergeCost = Callable[[Args, Shapes, Shape], tuple[int, int]]
# The arguments, what the edges before bring, the edge's source and the node.
Wants = Callable[[Args, Shapes, Shape, Shape], Shape]


def as_node(args: Args, before: Shapes, source: Shape, target: Shape) -> Shape:
    """An edge makes what the node is."""
    return target


def as_part(args: Args, before: Shapes, source: Shape, target: Shape) -> Shape:
    """Between two feature maps or two vectors an edge keeps channels, and takes the resolution."""
    alike = not isinstance(source, Label) and len(source) == len(target)
    return (source[0], *target[1:]) if alike else target


@attrs.frozen
class MergeSpec(Signature):
    """`parts` says in words what each edge brings, where there are so many; a user's own has a
    `plan`, by which it knows itself what it takes."""

    shape: MergeRule
    cost: MergeCost
    wants: Wants = as_node
    parts: tuple[str, ...] = ()
    traits: MergeTraits = NO_MERGE_TRAITS
    plan: Callable[[Args, Shapes, Shape], OpPlan] | None = None


MERGE_CATALOGUE: dict[str, MergeSpec] = {}
OWN_MERGES: dict[str, MergeSpec] = {}  # users' own
MERGES: ChainMap[str, MergeSpec] = ChainMap(OWN_MERGES, MERGE_CATALOGUE)


def _free(args: Args, sources: Shapes, target: Shape) -> tuple[int, int]:
    return 0, 0


def merge(
    name: str,
    about: str,
    *params: Param,
    parts: tuple[str, ...] = (),
    wants: Wants = as_node,
    cost: MergeCost = _free,
    traits: MergeTraits = NO_MERGE_TRAITS,
) -> Callable[[MergeRule], MergeRule]:
    """Add a merge whose shape rule is the decorated function."""

    def add(shape: MergeRule) -> MergeRule:
        spec = MergeSpec(name, about, params, shape, cost, wants, parts, traits)
        MERGE_CATALOGUE[name] = spec
        return shape

    return add


def _alike(args: Args, sources: Shapes, target: Shape) -> Shape:
    """Of parts that are all of the node's shape, as the checker sees to."""
    return target


_TERMS = MergeTraits(plain=True, linear=True, partial=True, symmetric=True)
_FACTORS = MergeTraits(plain=True, partial=True, symmetric=True)
merge("sum", "their sum", traits=_TERMS)(_alike)
merge("product", "their product, element by element", traits=_FACTORS)(_alike)
_SIDE_BY_SIDE = MergeTraits(plain=True, stacks=True)


@merge(
    "concat",
    "one behind the other along the first axis: channels, or a vector's entries",
    wants=as_part,
    traits=_SIDE_BY_SIDE,
)
def _concat(args: Args, sources: Shapes, target: Shape) -> Shape:
    channels = [shape[0] for shape in sources]
    if sum(channels) != target[0]:
        message = (
            f"it has {target[0]} channels, but its edges bring "
            f"{' + '.join(map(str, channels))} = {sum(channels)}"
        )
        help = "make the node's first size their sum, or set `out=` on the edges"
        raise ShapeFault(message, help)
    return target


merge("mean", "their sum, divided by the number of edges that bring something", traits=_TERMS)(
    _alike
)


def _film_wants(args: Args, before: Shapes, source: Shape, target: Shape) -> Shape:
    return (2 * target[0],) if before else target


@merge(
    "film",
    "the first times 1 + a scale, plus a shift, each channel's own (Perez et al., 2018)",
    parts=("what is scaled and shifted", "a vector of scales and then shifts"),
    wants=_film_wants,
)
def _film(args: Args, sources: Shapes, target: Shape) -> Shape:
    first, by = sources
    _vector("film", by, 2 * target[0], "a scale and a shift for each channel")
    return first


def _vector(name: str, by: Shape, size: int, why: str) -> None:
    if isinstance(by, Label) or by != (size,):
        message = f"`{name}` reads a vector of {size} from its second edge, not {show_shape(by)}"
        help = f"{why}: `linear` without `out` makes it, of a label `embed`"
        if len(by) == 3:
            help += "; `global_pool >> linear` makes a vector of maps"
        raise ShapeFault(message, help, part=1)


def _modconv_wants(args: Args, before: Shapes, source: Shape, target: Shape) -> Shape:
    return (before[0][0],) if before else as_part(args, before, source, target)


def _modconv_cost(args: Args, sources: Shapes, target: Shape) -> tuple[int, int]:
    pairs = sources[0][0] * target[0]
    weights = pairs * args["kernel"] ** 2
    macs = weights * target[1] * target[2] + pairs * bool(args["demodulate"])
    return weights + target[0] * bool(args["bias"]), macs


@merge(
    "modconv",
    "convolution of the first, whose channels are times 1 + a style (Karras et al., 2020)",
    Param("kernel", int, required=True, least=1),
    Param("bias", bool, True),
    Param("demodulate", bool, True),
    Param("equal", bool, False),
    parts=("maps", "a vector that scales their channels"),
    wants=_modconv_wants,
    cost=_modconv_cost,
)
def _modconv(args: Args, sources: Shapes, target: Shape) -> Shape:
    first, by = sources
    if len(first) != 3 or len(target) != 3:
        shown = show_shape(first if len(first) != 3 else target)
        message = f"`modconv` makes feature maps of feature maps, not of or into {shown}"
        raise ShapeFault(message, "a vector is scaled and shifted by `merge film`", part=0)
    if args["kernel"] % 2 == 0:
        message = f"`modconv({args['kernel']})` has no centre, so the resolution would change"
        raise ShapeFault(message, "choose an odd kernel; resize on the edge before it")
    _vector("modconv", by, first[0], "a factor for each channel that comes in")
    return (target[0], *first[1:])
