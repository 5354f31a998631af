"""The catalogue's operations as lines of PyTorch: what makes a layer, and what calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autorecon.lang import Shape
from autorecon.lang.shapes import elements

Args = dict[str, Any]
Make = Callable[[Args, Shape, Shape], str]


def _call(name: str, *values: object, **named: object) -> str:
    """`name(1, 2, size=3)`; named values that are None are left out."""
    shown = [repr(v) for v in values]
    shown += [f"{key}={value!r}" for key, value in named.items() if value is not None]
    return f"{name}({', '.join(shown)})"


def _unless(value: Any, default: Any) -> Any:
    """None, which `_call` leaves out, where torch has the same default."""
    return None if value == default else value


def _same_padding(args: Args) -> int:
    return args["dilation"] * (args["kernel"] - 1) // 2


def _conv(args: Args, source: Shape, out: Shape) -> str:
    layer = _call(
        "nn.Conv2d",
        source[0],
        out[0],
        args["kernel"],
        padding=_unless(_same_padding(args), 0),
        dilation=_unless(args["dilation"], 1),
        groups=_unless(args["groups"], 1),
        bias=_unless(args["bias"], True),
    )
    return _normalised(layer, args)


def _normalised(layer: str, args: Args) -> str:
    return f"spectral_norm({layer})" if args["spectral"] else layer


def _sepconv(args: Args, source: Shape, out: Shape) -> str:
    depthwise = _call(
        "nn.Conv2d",
        source[0],
        source[0],
        args["kernel"],
        padding=_unless(_same_padding(args), 0),
        dilation=_unless(args["dilation"], 1),
        groups=source[0],
        bias=False,
    )
    pointwise = _call("nn.Conv2d", source[0], out[0], 1, bias=_unless(args["bias"], True))
    return f"nn.Sequential({depthwise}, {pointwise})"


def _deconv(args: Args, source: Shape, out: Shape) -> str:
    layer = _call(
        "nn.ConvTranspose2d",
        source[0],
        out[0],
        args["kernel"],
        stride=args["stride"],
        padding=_unless((args["kernel"] - args["stride"]) // 2, 0),
        bias=_unless(args["bias"], True),
    )
    return _normalised(layer, args)


def _linear(args: Args, source: Shape, out: Shape) -> str:
    bias = _unless(args["bias"], True)
    return _normalised(_call("nn.Linear", elements(source), elements(out), bias=bias), args)


def _bn(args: Args, source: Shape, out: Shape) -> str:
    return _call(
        "nn.BatchNorm2d" if len(source) == 3 else "nn.BatchNorm1d",
        source[0],
        eps=_unless(args["eps"], 1e-5),
        momentum=_unless(args["momentum"], 0.1),
        affine=_unless(args["affine"], True),
    )


def _ccbn(args: Args, source: Shape, out: Shape) -> str:
    shape = tuple(source)
    classes, eps, momentum = args["label"].classes, args["eps"], args["momentum"]
    return _call("ConditionalBatchNorm", shape, classes, eps=eps, momentum=momentum)


def _group_norm(args: Args, source: Shape, out: Shape) -> str:
    eps, affine = _unless(args["eps"], 1e-5), _unless(args["affine"], True)
    return _call("nn.GroupNorm", args.get("groups", 1), source[0], eps=eps, affine=affine)


def _instance_norm(args: Args, source: Shape, out: Shape) -> str:
    eps = _unless(args["eps"], 1e-5)
    return _call("nn.InstanceNorm2d", source[0], eps=eps, affine=_unless(args["affine"], False))


MAKE: dict[str, Make] = {
    "conv": _conv,
    "sepconv": _sepconv,
    "deconv": _deconv,
    "linear": _linear,
    "embed": lambda args, source, out: _call("nn.Embedding", source[0], elements(out)),
    "attention": lambda args, source, out: _call("Attention", source[0]),
    "bn": _bn,
    "ccbn": _ccbn,
    "layer_norm": _group_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "prelu": lambda args, source, out: _call("nn.PReLU", source[0]),
}
"""Of operations that are layers with a state, the text that makes one."""


def _resize(mode: str) -> Callable[[str, Args, Shape], str]:
    corners = "" if mode == "nearest" else ", align_corners=False"

    def call(x: str, args: Args, out: Shape) -> str:
        return f'F.interpolate({x}, size={tuple(out[1:])}, mode="{mode}"{corners})'

    return call


CALL: dict[str, Callable[[str, Args, Shape], str]] = {
    "nearest": _resize("nearest"),
    "bilinear": _resize("bilinear"),
    "bicubic": _resize("bicubic"),
    "pixel_shuffle": lambda x, args, out: f"F.pixel_shuffle({x}, {args['factor']})",
    "identity": lambda x, args, out: x,
    "relu": lambda x, args, out: f"F.relu({x})",
    "leaky_relu": lambda x, args, out: f"F.leaky_relu({x}, {args['slope']})",
    "elu": lambda x, args, out: f"F.elu({x}, {args['alpha']})",
    "selu": lambda x, args, out: f"F.selu({x})",
    "silu": lambda x, args, out: f"F.silu({x})",
    "gelu": lambda x, args, out: f"F.gelu({x})",
    "tanh": lambda x, args, out: f"torch.tanh({x})",
    "sigmoid": lambda x, args, out: f"torch.sigmoid({x})",
}
"""Of all others, the expression that computes them of the expression of their input."""
