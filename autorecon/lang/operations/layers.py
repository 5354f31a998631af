"""Operations that compute with weights or change shapes: convolutions, resizes, vectors to maps."""

from __future__ import annotations

import attrs

from autorecon.lang.operations.shapes import Label, Shape, ShapeFault, elements, show_shape
from autorecon.lang.operations.spec import Args, Param, ShapeRule, channels_out, maps, op, same
from autorecon.lang.operations.strides import shrunk
from autorecon.lang.operations.traits import Traits

_KERNEL = Param("kernel", int, required=True, least=1)
_OUT = Param("out", int, least=1)
_OUT_FOR_PADDING = attrs.evolve(_OUT, elsewhere="the padding")
_BIAS = Param("bias", bool, True)
_SPECTRAL = Param("spectral", bool, False)
_EQUAL = Param("equal", bool, False)
_STRIDE = Param("stride", int, 1, least=1)
_GROUPS = Param("groups", int, 1, least=1)
_BY_CHANNELS = Traits(by_channels=True)
_SHAPING = Traits(moves=True, reshapes=True, sliceable=True)
_SCALING = Traits(pointwise=True, spares_result=True, channelwise=True, keeps_zeros=True)
_MOVING = Traits(stateless=True, moves=True, channelwise=True, keeps_zeros=True)
_SLICED = Traits(by_channels=True, moves=True, sliceable=True)


def _resolution(args: Args, source: Shape, name: str) -> tuple[int, int]:
    """What a convolution leaves of height and width."""
    kernel, stride = args["kernel"], args["stride"]
    if kernel % 2 == 0 and stride == 1:
        message = f"`{name}({kernel})` has no centre, so the resolution would change"
        raise ShapeFault(message, "choose an odd kernel, or a stride: `stride=2` halves")
    return shrunk(source, stride)


def _divided(args: Args, channels: int, out: int) -> None:
    groups = args["groups"]
    if channels % groups or out % groups:
        message = f"{groups} groups do not divide {channels} channels into {out}"
        raise ShapeFault(message, "choose `groups` that divides both")


def _one_scale(args: Args) -> None:
    """ShapeFault where a weight is divided by what it was multiplied by."""
    if args["spectral"] and args["equal"]:
        message = "`spectral` undoes what `equal` does: each says how large the weight is"
        raise ShapeFault(message, "leave one of them out")


def _conv_cost(args: Args, source: Shape, out: Shape) -> tuple[int, int]:
    channels = source[0] // args.get("groups", 1)
    weights = out[0] * channels * args["kernel"] ** 2
    return weights + out[0] * bool(args["bias"]), weights * out[1] * out[2]


@op(
    "conv",
    "convolution; shrinks by its stride",
    _KERNEL,
    Param("dilation", int, 1, least=1, elsewhere="the stride"),
    attrs.evolve(_GROUPS, elsewhere="the padding"),
    _OUT,
    _BIAS,
    _SPECTRAL,
    _STRIDE,
    _EQUAL,
    cost=_conv_cost,
    traits=attrs.evolve(_SLICED, convolution=True),
)
def _conv(args: Args, source: Shape, target: Shape) -> Shape:
    channels, _, _ = maps(source, "conv")
    out = channels_out(args, target, "conv")
    _divided(args, channels, out)
    _one_scale(args)
    return out, *_resolution(args, source, "conv")


def _sepconv_cost(args: Args, source: Shape, out: Shape) -> tuple[int, int]:
    weights = source[0] * args["kernel"] ** 2 + source[0] * out[0]
    return weights + out[0] * bool(args["bias"]), weights * out[1] * out[2]


@op(
    "sepconv",
    "depthwise, then pointwise convolution; shrinks by its stride",
    _KERNEL,
    Param("dilation", int, 1, least=1, elsewhere="the stride"),
    _OUT_FOR_PADDING,
    _BIAS,
    _STRIDE,
    cost=_sepconv_cost,
    traits=_SLICED,
)
def _sepconv(args: Args, source: Shape, target: Shape) -> Shape:
    maps(source, "sepconv")
    return channels_out(args, target, "sepconv"), *_resolution(args, source, "sepconv")


def _halved_cost(args: Args, source: Shape, out: Shape) -> tuple[int, int]:
    weights = source[0] * out[0]
    return weights, weights * out[1] * out[2]


@op(
    "factorized_reduce",
    "halves the resolution by 1x1 convolutions of even and of odd pixels (Zoph et al., 2018)",
    _OUT,
    cost=_halved_cost,
    traits=Traits(by_channels=True, moves=True),
)
def _factorized_reduce(args: Args, source: Shape, target: Shape) -> Shape:
    maps(source, "factorized_reduce")
    out = channels_out(args, target, "factorized_reduce")
    if out % 2:
        message = f"`factorized_reduce` makes an even number of channels, not {out}"
        raise ShapeFault(message, "each of its two convolutions makes half of them")
    return out, *shrunk(source, 2)


def _deconv_cost(args: Args, source: Shape, out: Shape) -> tuple[int, int]:
    weights = out[0] * source[0] // args["groups"] * args["kernel"] ** 2
    return weights + out[0] * bool(args["bias"]), weights * source[1] * source[2]


@op(
    "deconv",
    "transposed convolution; enlarges by its stride",
    Param("kernel", int, required=True, least=1),
    Param("stride", int, 2, least=1),
    _OUT_FOR_PADDING,
    _BIAS,
    _SPECTRAL,
    _GROUPS,
    _EQUAL,
    cost=_deconv_cost,
    traits=_SLICED,
)
def _deconv(args: Args, source: Shape, target: Shape) -> Shape:
    channels, height, width = maps(source, "deconv")
    kernel, stride = args["kernel"], args["stride"]
    if kernel % 2 == 0 and stride == 1:
        message = f"`deconv({kernel}, stride=1)` has no centre, so the resolution would change"
        raise ShapeFault(message, "choose an odd kernel, or a stride")
    out = channels_out(args, target, "deconv")
    _divided(args, channels, out)
    _one_scale(args)
    return out, height * stride, width * stride


@op(
    "pixel_shuffle",
    "channels to resolution",
    Param("factor", int, 2, least=1),
    traits=_MOVING,
)
def _pixel_shuffle(args: Args, source: Shape, target: Shape) -> Shape:
    channels, height, width = maps(source, "pixel_shuffle")
    factor: int = args["factor"]
    if channels % factor**2:
        message = (
            f"pixel_shuffle({factor}) needs a multiple of {factor**2} channels, not {channels}"
        )
        raise ShapeFault(message, f"put a convolution before it, `conv(1, out={factor**2}*...)`")
    return channels // factor**2, height * factor, width * factor


def _resize(name: str) -> ShapeRule:
    def rule(args: Args, source: Shape, target: Shape) -> Shape:
        channels, height, width = maps(source, name)
        scale = args["scale"]
        if scale is not None:
            return channels, height * scale, width * scale
        return channels, *maps(target, name)[1:]

    return rule


for _name in ("nearest", "bilinear", "bicubic"):
    op(
        _name,
        f"{_name} resize, to the next node's resolution or by a scale",
        Param("scale", int, least=1),
        traits=attrs.evolve(_MOVING, resize=True, repeats=_name == "nearest"),
    )(_resize(_name))


@op("none", "no connection: contributes nothing and computes nothing", traits=Traits(none=True))
def _none(args: Args, source: Shape, target: Shape) -> Shape:
    return target


same(
    "identity",
    "passes its input on",
    traits=Traits(identity=True, stateless=True, channelwise=True, keeps_zeros=True),
)

same(
    "scale",
    "times a number",
    Param("by", float, required=True),
    traits=attrs.evolve(_SCALING, stateless=True),
)
same(
    "gain",
    "times a learned factor, one for all or one a channel",
    Param("start", float, 1.0),
    Param("each", bool, False),
    cost=lambda a, i, o: (i[0] if a["each"] else 1, 0),
    traits=attrs.evolve(_SCALING, by_channels=True),
)


@op(
    "mask",
    "the first channels as they are, zeros in place of the others",
    Param("count", int, required=True, least=1),
    traits=attrs.evolve(_SCALING, stateless=True),
)
def _mask(args: Args, source: Shape, target: Shape) -> Shape:
    if isinstance(source, Label):
        raise ShapeFault("`mask` cannot take a label", "`embed` makes a vector of it")
    if args["count"] > source[0]:
        message = f"`mask({args['count']})` of {source[0]} channels"
        raise ShapeFault(message, "keep as many channels as there are, or fewer")
    return source


@op(
    "reshape",
    "the same numbers in the next node's shape",
    traits=_MOVING,
)
def _reshape(args: Args, source: Shape, target: Shape) -> Shape:
    if isinstance(source, Label):
        raise ShapeFault("`reshape` cannot take a label", "`embed` makes a vector of it")
    if elements(source) != elements(target):
        numbers = f"{elements(source):,} numbers are not {elements(target):,}"
        message = f"`reshape` cannot make {show_shape(target)} of {show_shape(source)}: {numbers}"
        raise ShapeFault(message, "`linear` makes any shape of any, with weights")
    return target


@op(
    "expand",
    "copies to the next node's shape: of what there is one, a channel, row or pixel",
    traits=Traits(stateless=True, moves=True, channelwise=True),
)
def _expand(args: Args, source: Shape, target: Shape) -> Shape:
    if isinstance(source, Label):
        raise ShapeFault("`expand` cannot take a label", "`embed` makes a vector of it")
    sizes = source if len(source) == len(target) else (*source, 1, 1)
    fits = len(sizes) == len(target)
    if not fits or any(a not in (1, b) for a, b in zip(sizes, target, strict=True)):
        message = f"`expand` cannot make {show_shape(target)} of {show_shape(source)}"
        help = "each size is the target's or 1; of a vector all entries are channels of a pixel"
        raise ShapeFault(message, help)
    return target


def _linear_cost(args: Args, source: Shape, out: Shape) -> tuple[int, int]:
    weights = elements(source) * elements(out)
    return weights + elements(out) * bool(args["bias"]), weights


@op(
    "linear",
    "fully connected, reshaped to the next node's shape",
    Param("out", int, least=1),
    _BIAS,
    _SPECTRAL,
    _EQUAL,
    cost=_linear_cost,
    traits=_SHAPING,
)
def _linear(args: Args, source: Shape, target: Shape) -> Shape:
    if isinstance(source, Label):
        raise ShapeFault("`linear` cannot take a label", "`embed` makes a vector of it")
    _one_scale(args)
    return target if args["out"] is None else (args["out"],)


def _embed_cost(args: Args, source: Shape, out: Shape) -> tuple[int, int]:
    return 0 if args["frozen"] else source[0] * elements(out), 0


@op(
    "embed",
    "one learned vector a class; frozen, one that is not trained",
    Param("out", int, least=1),
    Param("frozen", bool, False),
    cost=_embed_cost,
    traits=Traits(moves=True, reshapes=True, channelwise=True),
)
def _embed(args: Args, source: Shape, target: Shape) -> Shape:
    if not isinstance(source, Label):
        help = "it needs an `input NAME: label(classes)`"
        raise ShapeFault(f"`embed` takes a label, not {show_shape(source)}", help)
    return target if args["out"] is None else (args["out"],)


def _attention_cost(args: Args, source: Shape, out: Shape) -> tuple[int, int]:
    channels, height, width = source
    positions, weights, full = height * width, 5 * channels**2 // 4, bool(args["full"])
    biases = channels * (7 - 2 * full) // 4 * bool(args["bias"])
    pairs = positions * (positions // args["pool"] ** 2)
    macs = positions * weights + pairs * channels * (5 + 4 * full) // 8
    return weights + biases + 1, macs


@op(
    "attention",
    "self-attention over positions, added to its input by a learned factor",
    Param("heads", int, 1, least=1),
    Param("pool", int, 1, least=1),
    Param("bias", bool, False),
    Param("full", bool, False),
    _SPECTRAL,
    cost=_attention_cost,
    traits=_BY_CHANNELS,
)
def _attention(args: Args, source: Shape, target: Shape) -> Shape:
    """Zhang et al., 2019: queries and keys c/8 channels, values c/2, or c if they are `full`."""
    channels, height, width = maps(source, "attention")
    heads, pool = args["heads"], args["pool"]
    if channels % (8 * heads):
        message = f"`attention` needs a multiple of {8 * heads} channels, not {channels}"
        each = " in each head" if heads > 1 else ""
        raise ShapeFault(message, f"queries and keys have an eighth of the channels{each}")
    if height % pool or width % pool:
        message = f"`attention` cannot pool {show_shape(source)} by {pool}"
        raise ShapeFault(message, "`pool` is a whole part of height and width")
    return channels, height, width
