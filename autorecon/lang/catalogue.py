"""The operations of the language: signature, shape rule and cost of each, without torch.

A shape rule gets the arguments, the shape that comes in and the shape of the node that the edge
leads to, from which an operation takes what its arguments leave open (a convolution its output
channels, a resize its resolution). Cost is (trainable parameters, multiply-accumulates); norms,
resizes and activations count none of the latter, as is the field's custom.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from autorecon.lang.shapes import Label, Shape, ShapeFault, elements, show_shape

Value = int | float | bool | None
# Values are checked against the signature before a rule sees them.
Args = Mapping[str, Any]
ShapeRule = Callable[[Args, Shape, Shape], Shape]
CostRule = Callable[[Args, Shape, Shape], tuple[int, int]]

# Shapes past this would not fit any machine, and arithmetic on them is a denial of service.
MAX_SIZE = 1 << 20


@attrs.frozen
class Param:
    """One argument: its type, default (`required` when there is none) and least value."""

    name: str
    type: type
    default: Value = None
    required: bool = False
    least: float | None = None
    odd: bool = False


@attrs.frozen
class OpSpec:
    name: str
    about: str
    params: tuple[Param, ...]
    shape: ShapeRule
    cost: CostRule


CATALOGUE: dict[str, OpSpec] = {}


def op(
    name: str, about: str, *params: Param, cost: CostRule | None = None
) -> Callable[[ShapeRule], ShapeRule]:
    """Add an operation whose shape rule is the decorated function."""

    def add(shape: ShapeRule) -> ShapeRule:
        CATALOGUE[name] = OpSpec(name, about, params, shape, cost or (lambda a, i, o: (0, 0)))
        return shape

    return add


def _image(shape: Shape, what: str) -> tuple[int, int, int]:
    if len(shape) != 3:
        help = "feature maps are [channels, height, width]; `linear` makes them of a vector"
        raise ShapeFault(f"`{what}` takes feature maps, not {show_shape(shape)}", help)
    return shape


def _channels(args: Args, target: Shape, what: str) -> int:
    if args.get("out") is not None:
        return int(args["out"])
    return _image(target, what)[0]


_KERNEL = Param("kernel", int, required=True, least=1, odd=True)
_OUT = Param("out", int, least=1)
_BIAS = Param("bias", bool, True)


def _conv_cost(args: Args, source: Shape, out: Shape) -> tuple[int, int]:
    channels = source[0] // args.get("groups", 1)
    weights = out[0] * channels * args["kernel"] ** 2
    return weights + out[0] * bool(args["bias"]), weights * out[1] * out[2]


@op(
    "conv",
    "convolution, same padding",
    _KERNEL,
    Param("dilation", int, 1, least=1),
    Param("groups", int, 1, least=1),
    _OUT,
    _BIAS,
    cost=_conv_cost,
)
def _conv(args: Args, source: Shape, target: Shape) -> Shape:
    channels, height, width = _image(source, "conv")
    out = _channels(args, target, "conv")
    groups = args["groups"]
    if channels % groups or out % groups:
        message = f"{groups} groups do not divide {channels} channels into {out}"
        raise ShapeFault(message, "choose `groups` that divides both")
    return out, height, width


def _sepconv_cost(args: Args, source: Shape, out: Shape) -> tuple[int, int]:
    weights = source[0] * args["kernel"] ** 2 + source[0] * out[0]
    return weights + out[0] * bool(args["bias"]), weights * out[1] * out[2]


@op(
    "sepconv",
    "depthwise, then pointwise convolution, same padding",
    _KERNEL,
    Param("dilation", int, 1, least=1),
    _OUT,
    _BIAS,
    cost=_sepconv_cost,
)
def _sepconv(args: Args, source: Shape, target: Shape) -> Shape:
    _, height, width = _image(source, "sepconv")
    return _channels(args, target, "sepconv"), height, width


def _deconv_cost(args: Args, source: Shape, out: Shape) -> tuple[int, int]:
    weights = out[0] * source[0] * args["kernel"] ** 2
    return weights + out[0] * bool(args["bias"]), weights * source[1] * source[2]


@op(
    "deconv",
    "transposed convolution; enlarges by its stride",
    Param("kernel", int, required=True, least=1),
    Param("stride", int, 2, least=1),
    _OUT,
    _BIAS,
    cost=_deconv_cost,
)
def _deconv(args: Args, source: Shape, target: Shape) -> Shape:
    _, height, width = _image(source, "deconv")
    kernel, stride = args["kernel"], args["stride"]
    if kernel < stride or (kernel - stride) % 2:
        message = f"deconv({kernel}, stride={stride}) cannot enlarge by exactly {stride}"
        raise ShapeFault(message, "the kernel must be the stride plus an even number")
    return _channels(args, target, "deconv"), height * stride, width * stride


@op("pixel_shuffle", "channels to resolution", Param("factor", int, 2, least=1))
def _pixel_shuffle(args: Args, source: Shape, target: Shape) -> Shape:
    channels, height, width = _image(source, "pixel_shuffle")
    factor: int = args["factor"]
    if channels % factor**2:
        message = (
            f"pixel_shuffle({factor}) needs a multiple of {factor**2} channels, not {channels}"
        )
        raise ShapeFault(message, f"put a convolution before it, `conv(1, out={factor**2}*...)`")
    return channels // factor**2, height * factor, width * factor


def _resize(name: str) -> ShapeRule:
    def rule(args: Args, source: Shape, target: Shape) -> Shape:
        channels, height, width = _image(source, name)
        scale = args["scale"]
        if scale is not None:
            return channels, height * scale, width * scale
        return channels, *_image(target, name)[1:]

    return rule


for _name in ("nearest", "bilinear", "bicubic"):
    _about = f"{_name} resize, to the next node's resolution or by a scale"
    op(_name, _about, Param("scale", int, least=1))(_resize(_name))


@op("none", "no connection: contributes nothing and computes nothing")
def _none(args: Args, source: Shape, target: Shape) -> Shape:
    return target


def _same(name: str, about: str, *params: Param, cost: CostRule | None = None) -> None:
    """An operation that keeps every shape but a label's."""

    def rule(args: Args, source: Shape, target: Shape) -> Shape:
        if isinstance(source, Label):
            raise ShapeFault(f"`{name}` cannot take a label", "`embed` makes a vector of it")
        return source

    op(name, about, *params, cost=cost)(rule)


def _norm_cost(args: Args, source: Shape, out: Shape) -> tuple[int, int]:
    return 2 * source[0] * bool(args["affine"]), 0


_same("identity", "passes its input on")
_same(
    "bn",
    "batch normalisation over samples and positions",
    Param("eps", float, 1e-5, least=0),
    Param("momentum", float, 0.1, least=0),
    Param("affine", bool, True),
    cost=_norm_cost,
)
_same("relu", "max(x, 0)")
_same("leaky_relu", "x above 0, slope * x below", Param("slope", float, 0.01, least=0))
_same("tanh", "hyperbolic tangent, to -1 .. 1")
_same("sigmoid", "logistic function, to 0 .. 1")


@op(
    "instance_norm",
    "normalises each sample's channels over positions",
    Param("eps", float, 1e-5, least=0),
    Param("affine", bool, True),
    cost=_norm_cost,
)
def _instance_norm(args: Args, source: Shape, target: Shape) -> Shape:
    return _image(source, "instance_norm")


def _linear_cost(args: Args, source: Shape, out: Shape) -> tuple[int, int]:
    weights = elements(source) * elements(out)
    return weights + elements(out) * bool(args["bias"]), weights


@op(
    "linear",
    "fully connected, reshaped to the next node's shape",
    Param("out", int, least=1),
    _BIAS,
    cost=_linear_cost,
)
def _linear(args: Args, source: Shape, target: Shape) -> Shape:
    if isinstance(source, Label):
        raise ShapeFault("`linear` cannot take a label", "`embed` makes a vector of it")
    return target if args["out"] is None else (args["out"],)


def _embed_cost(args: Args, source: Shape, out: Shape) -> tuple[int, int]:
    return source[0] * elements(out), 0


@op("embed", "one learned vector a class", Param("out", int, least=1), cost=_embed_cost)
def _embed(args: Args, source: Shape, target: Shape) -> Shape:
    if not isinstance(source, Label):
        help = "it needs an `input NAME: label(classes)`"
        raise ShapeFault(f"`embed` takes a label, not {show_shape(source)}", help)
    return target if args["out"] is None else (args["out"],)
