"""Normalisations: they keep the shape, and count no multiply-accumulates."""

from __future__ import annotations

import attrs

from autorecon.lang.operations.shapes import Label, Shape, ShapeFault, elements
from autorecon.lang.operations.spec import Args, LabelInput, Param, maps, op, same
from autorecon.lang.operations.traits import Traits

# In frameworks the first argument of a norm is a number of channels, which would be a huge epsilon.
_INFERRED = "leave channels out, they are those that come in; `eps=0.8` is added to the variance"
_SHARE = "it is the share of a new batch in the running statistics"
_EPS = Param("eps", float, 1e-5, least=0, below=1, advice=_INFERRED)
_MOMENTUM = Param("momentum", float, 0.1, least=0, most=1, advice=_SHARE)
_AFFINE = Param("affine", bool, True)

_NORM = Traits(pointwise=True, norm=True, spares_result=True, by_channels=True)
_EACH = attrs.evolve(_NORM, channelwise=True)
_BATCH_NORM = attrs.evolve(_EACH, counts_positions=True)


def _cost(args: Args, source: Shape, out: Shape) -> tuple[int, int]:
    return 2 * source[0] * bool(args["affine"]), 0


def _class_cost(args: Args, source: Shape, out: Shape) -> tuple[int, int]:
    return 2 * source[0] * args["label"].classes, 0


same(
    "bn",
    "batch normalisation over samples and positions",
    _EPS,
    _MOMENTUM,
    _AFFINE,
    cost=_cost,
    traits=_BATCH_NORM,
)
same(
    "ccbn",
    "batch normalisation with a factor and an offset a class (Dumoulin et al., 2017)",
    Param("label", LabelInput, required=True),
    _EPS,
    _MOMENTUM,
    cost=_class_cost,
    traits=_BATCH_NORM,
)


def _normalised(name: str, source: Shape, parts: int) -> Shape:
    """What is normalised in so many parts, none of which may be a single value."""
    if isinstance(source, Label):
        raise ShapeFault(f"`{name}` cannot take a label", "`embed` makes a vector of it")
    if elements(source) == parts:
        message = f"`{name}` has one value to normalise at a time here, of which it makes 0"
        raise ShapeFault(message, "leave it out, or put it where there are more; `bn` has a batch")
    return source


@op(
    "layer_norm",
    "normalises each sample as a whole",
    _EPS,
    _AFFINE,
    cost=_cost,
    traits=_NORM,
)
def _layer_norm(args: Args, source: Shape, target: Shape) -> Shape:
    return _normalised("layer_norm", source, 1)


@op(
    "instance_norm",
    "normalises each sample's channels over positions",
    _EPS,
    _AFFINE,
    cost=_cost,
    traits=_EACH,
)
def _instance_norm(args: Args, source: Shape, target: Shape) -> Shape:
    return _normalised("instance_norm", maps(source, "instance_norm"), source[0])


@op(
    "group_norm",
    "normalises each sample's groups of channels (Wu and He, 2018)",
    Param("groups", int, required=True, least=1),
    _EPS,
    _AFFINE,
    cost=_cost,
    traits=_NORM,
)
def _group_norm(args: Args, source: Shape, target: Shape) -> Shape:
    groups = args["groups"]
    if not isinstance(source, Label) and source[0] % groups:
        message = f"{groups} groups do not divide {source[0]} channels"
        raise ShapeFault(message, "choose `groups` that divides them")
    return _normalised("group_norm", source, groups)


same(
    "pixel_norm",
    "divides each pixel by the root of its channels' mean square (Karras et al., 2018)",
    Param("eps", float, 1e-8, least=0, below=1, advice=_INFERRED),
    traits=Traits(pointwise=True, stateless=True, spares_result=True),
)
