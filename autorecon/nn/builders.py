"""The catalogue's operations in torch's words: one builder each, nothing else decides what they
compute.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import attrs
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from autorecon.lang import Node, OpError, OpPlan, Shape
from autorecon.lang.operations.merges import Shapes
from autorecon.lang.operations.shapes import elements
from autorecon.lang.operations.strides import padding, reach
from autorecon.lang.program.candidates import Step
from autorecon.lang.program.merging import Merged
from autorecon.nn.layers import Function, Layer
from autorecon.nn.modules import (
    Attention,
    ConditionalBatchNorm,
    Constant,
    Embed,
    Equal,
    Expand,
    FactorizedReduce,
    Film,
    Frozen,
    Gain,
    Linear,
    Mask,
    Mean,
    ModulatedConv,
    PixelNorm,
    Reshape,
    Scale,
)

Builder = Callable[[dict, Shape, Shape], Layer]
MergeBuilder = Callable[[dict, Shapes, Shape], Layer]


def layer_of(step: Step | Merged) -> Layer:
    """One operation or merge of the catalogue, between its shapes (without the batch axis)."""
    if isinstance(step, Merged):
        return MERGE_BUILDERS[step.op.name](step.op.args, step.sources, step.after)
    return BUILDERS[step.op.name](step.op.args, step.before, step.after)


def build_op(step: Step | Merged) -> nn.Module:
    """The module of one operation or merge; OpError for one of a user's own that is no use."""
    plan = own_plan(step)
    return layer_of(step).module() if plan is None else _own(step.op.name, plan)


def own_plan(step: Step | Merged) -> OpPlan | None:
    """What a user's own operation or merge makes of the shapes that reach it."""
    if isinstance(step, Merged):
        merge = step.op.spec.plan
        return merge(step.op.args, step.sources, step.target) if merge else None
    plan = step.op.spec.plan
    return plan(step.op.args, step.before, step.target) if plan else None


def constant(node: Node) -> Layer:
    """What an input that is learned holds."""
    return _layer(Constant, tuple(node.shape))


def _own(name: str, plan: OpPlan) -> nn.Module:
    """Of a user's own operation: what it builds has the parameters that it says; OpError."""
    try:
        module = plan.build()
    # It is somebody else's code: anything may be raised.
    except Exception as error:
        raise OpError(f"`{name}` cannot be built: {type(error).__name__}: {error}") from error
    if not isinstance(module, nn.Module):
        raise OpError(f"`{name}` builds a {type(module).__name__}, not a torch.nn.Module")
    count = sum(p.numel() for p in module.parameters() if p.requires_grad)
    if count != plan.parameters:
        message = f"`{name}` says parameters={plan.parameters:,}, its module has {count:,}"
        raise OpError(f"{message}; costs are counted before modules are built: mend the plan")
    return module


def _layer(kind: Callable[..., nn.Module], *args: Any, **options: Any) -> Layer:
    """A layer of torch's or of our own modules, without the options that are as usual."""
    is_torchs = getattr(nn, kind.__name__, None) is kind
    name = f"nn.{kind.__name__}" if is_torchs else kind.__name__
    usual = _defaults(kind)
    return Layer(name, kind, args, {k: v for k, v in options.items() if v != usual[k]})


@cache
def _defaults(kind: Callable[..., nn.Module]) -> dict[str, Any]:
    return {name: p.default for name, p in inspect.signature(kind).parameters.items()}


def _function(name: str, kind: type[nn.Module], *arguments: str) -> Builder:
    """A function of torch's, called with these arguments of the operation; `kind` is its module."""
    return lambda args, source, out: Function(name, kind, tuple(args[a] for a in arguments))


def _normalised(layer: Layer, args: dict, inputs: int) -> Layer:
    """With `spectral`, its weight divided by its largest singular value (Miyato et al., 2018); with
    `equal`, by the root of the count of `inputs` that each output is made of."""
    if args["equal"]:
        return _equalised(layer, inputs)
    if not args["spectral"]:
        return layer
    return Layer("spectral_norm", spectral_norm, (layer,), flat=layer.flat)


def _equalised(layer: Layer, inputs: int) -> Layer:
    return Layer("Equal.of", Equal.of, (layer, inputs), flat=layer.flat)


def _inputs(args: dict, source: Shape) -> int:
    return source[0] // int(args["groups"]) * int(args["kernel"]) ** 2


def _padding(args: dict) -> int:
    return padding(reach(args["kernel"], args["dilation"]), args["stride"])


def _conv(args: dict, source: Shape, out: Shape) -> Layer:
    conv = _layer(
        nn.Conv2d,
        source[0],
        out[0],
        args["kernel"],
        stride=args["stride"],
        padding=_padding(args),
        dilation=args["dilation"],
        groups=args["groups"],
        bias=args["bias"],
    )
    return _normalised(conv, args, _inputs(args, source))


def _sepconv(args: dict, source: Shape, out: Shape) -> Layer:
    depthwise = _layer(
        nn.Conv2d,
        source[0],
        source[0],
        args["kernel"],
        stride=args["stride"],
        padding=_padding(args),
        dilation=args["dilation"],
        groups=source[0],
        bias=False,
    )
    pointwise = _layer(nn.Conv2d, source[0], out[0], 1, bias=args["bias"])
    return _layer(nn.Sequential, depthwise, pointwise)


def _deconv(args: dict, source: Shape, out: Shape) -> Layer:
    kernel, stride = args["kernel"], args["stride"]
    beside = padding(kernel, stride)
    deconv = _layer(
        nn.ConvTranspose2d,
        source[0],
        out[0],
        kernel,
        stride=stride,
        padding=beside,
        output_padding=2 * beside - (kernel - stride),
        groups=args["groups"],
        bias=args["bias"],
    )
    return _normalised(deconv, args, _inputs(args, source))


def _resize(mode: str, **options: bool) -> Builder:
    def build(args: dict, source: Shape, out: Shape) -> Layer:
        how = {"size": tuple(out[1:]), "mode": mode, **options}
        return Function("F.interpolate", nn.Upsample, options=how)

    return build


def _pool(name: str, kind: Callable[..., nn.Module], **options: bool) -> Builder:
    def build(args: dict, source: Shape, out: Shape) -> Layer:
        kernel, stride = args["kernel"], source[1] // out[1]
        how = {"stride": stride, "padding": padding(kernel, stride), **options}
        return Function(name, kind, (kernel,), how)

    return build


def _gain(args: dict, source: Shape, out: Shape) -> Layer:
    return _layer(Gain, args["start"], channels=source[0] if args["each"] else 1)


def _bn(args: dict, source: Shape, out: Shape) -> Layer:
    kind = nn.BatchNorm2d if len(source) == 3 else nn.BatchNorm1d
    eps, momentum, affine = args["eps"], args["momentum"], args["affine"]
    return _layer(kind, source[0], eps=eps, momentum=momentum, affine=affine)


def _ccbn(args: dict, source: Shape, out: Shape) -> Layer:
    classes, eps, momentum = args["label"].classes, args["eps"], args["momentum"]
    return _layer(ConditionalBatchNorm, tuple(source), classes, eps=eps, momentum=momentum)


def _instance_norm(args: dict, source: Shape, out: Shape) -> Layer:
    return _layer(nn.InstanceNorm2d, source[0], eps=args["eps"], affine=args["affine"])


def _group_norm(args: dict, source: Shape, out: Shape) -> Layer:
    """Of one group, which `layer_norm` is, where there is no such argument."""
    groups, eps, affine = args.get("groups", 1), args["eps"], args["affine"]
    return _layer(nn.GroupNorm, groups, source[0], eps=eps, affine=affine)


def _linear(args: dict, source: Shape, out: Shape) -> Layer:
    linear = _layer(nn.Linear, elements(source), elements(out), bias=args["bias"])
    linear = attrs.evolve(linear, make=partial(Linear, out), flat=True)
    return _normalised(linear, args, elements(source))


def _embed(args: dict, source: Shape, out: Shape) -> Layer:
    if args["frozen"]:
        return _layer(Frozen, tuple(out), source[0])
    embedding = _layer(nn.Embedding, source[0], elements(out))
    return attrs.evolve(embedding, make=partial(Embed, out), flat=True)


def _modconv(args: dict, sources: Shapes, out: Shape) -> Layer:
    channels, kernel = sources[0][0], args["kernel"]
    options = {name: args[name] for name in ("bias", "demodulate")}
    conv = _layer(ModulatedConv, channels, out[0], kernel, **options)
    return _equalised(conv, channels * kernel**2) if args["equal"] else conv


MERGE_BUILDERS: dict[str, MergeBuilder] = {
    "film": lambda args, sources, out: _layer(Film),
    "modconv": _modconv,
}
BUILDERS: dict[str, Builder] = {
    "conv": _conv,
    "sepconv": _sepconv,
    "factorized_reduce": lambda args, source, out: _layer(FactorizedReduce, source[0], out[0]),
    "deconv": _deconv,
    "pixel_shuffle": _function("F.pixel_shuffle", nn.PixelShuffle, "factor"),
    "nearest": _resize("nearest"),
    "bilinear": _resize("bilinear", align_corners=False),
    "bicubic": _resize("bicubic", align_corners=False),
    "avg_pool": _pool("F.avg_pool2d", nn.AvgPool2d, count_include_pad=False),
    "max_pool": _pool("F.max_pool2d", nn.MaxPool2d),
    "global_pool": lambda args, source, out: Function("torch.mean", Mean, ((2, 3),)),
    "identity": _function("", nn.Identity),
    "scale": _function("torch.mul", Scale, "by"),
    "gain": _gain,
    "mask": lambda args, source, out: _layer(Mask, args["count"]),
    "reshape": lambda args, source, out: Function("torch.reshape", Reshape, ((-1, *out),)),
    "expand": lambda args, source, out: _layer(Expand, tuple(out)),
    "attention": lambda args, source, out: _layer(Attention, source[0], **args),
    "bn": _bn,
    "ccbn": _ccbn,
    "layer_norm": _group_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "pixel_norm": lambda args, source, out: _layer(PixelNorm, args["eps"]),
    "relu": _function("F.relu", nn.ReLU),
    "leaky_relu": _function("F.leaky_relu", nn.LeakyReLU, "slope"),
    "prelu": lambda args, source, out: _layer(nn.PReLU, source[0]),
    "elu": _function("F.elu", nn.ELU, "alpha"),
    "selu": _function("F.selu", nn.SELU),
    "silu": _function("F.silu", nn.SiLU),
    "gelu": _function("F.gelu", nn.GELU),
    "tanh": _function("torch.tanh", nn.Tanh),
    "sigmoid": _function("torch.sigmoid", nn.Sigmoid),
    "linear": _linear,
    "embed": _embed,
}
