"""The catalogue's operations as torch modules: one builder each, nothing else decides what they
compute.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from autorecon.lang import OpError, OpPlan, Shape
from autorecon.lang.checked import Step
from autorecon.nn.modules import Attention, ConditionalBatchNorm, Embed, Linear

Builder = Callable[[dict, Shape, Shape], nn.Module]


def build_op(step: Step) -> nn.Module:
    """The module of one operation, between its shapes (without the batch axis)."""
    op = step.op
    if op.spec.plan is None:
        return BUILDERS[op.name](op.args, step.before, step.after)
    return _own(op.name, op.spec.plan(op.args, step.before, step.target))


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


def _conv(args: dict, source: Shape, out: Shape) -> nn.Module:
    kernel, dilation = args["kernel"], args["dilation"]
    padding = dilation * (kernel - 1) // 2
    conv = nn.Conv2d(
        source[0],
        out[0],
        kernel,
        padding=padding,
        dilation=dilation,
        groups=args["groups"],
        bias=args["bias"],
    )
    return _normalised(conv, args)


def _normalised(module: nn.Module, args: dict) -> nn.Module:
    """With `spectral`, its weight divided by its largest singular value (Miyato et al., 2018)."""
    return spectral_norm(module) if args["spectral"] else module


def _sepconv(args: dict, source: Shape, out: Shape) -> nn.Module:
    kernel, dilation = args["kernel"], args["dilation"]
    padding = dilation * (kernel - 1) // 2
    depthwise = nn.Conv2d(
        source[0],
        source[0],
        kernel,
        padding=padding,
        dilation=dilation,
        groups=source[0],
        bias=False,
    )
    return nn.Sequential(depthwise, nn.Conv2d(source[0], out[0], 1, bias=args["bias"]))


def _deconv(args: dict, source: Shape, out: Shape) -> nn.Module:
    kernel, stride = args["kernel"], args["stride"]
    padding = (kernel - stride) // 2
    deconv = nn.ConvTranspose2d(source[0], out[0], kernel, stride, padding, bias=args["bias"])
    return _normalised(deconv, args)


def _resize(mode: str) -> Builder:
    def build(args: dict, source: Shape, out: Shape) -> nn.Module:
        corners = {} if mode == "nearest" else {"align_corners": False}
        return nn.Upsample(size=tuple(out[1:]), mode=mode, **corners)

    return build


def _bn(args: dict, source: Shape, out: Shape) -> nn.Module:
    kind = nn.BatchNorm2d if len(source) == 3 else nn.BatchNorm1d
    return kind(source[0], eps=args["eps"], momentum=args["momentum"], affine=args["affine"])


def _instance_norm(args: dict, source: Shape, out: Shape) -> nn.Module:
    return nn.InstanceNorm2d(source[0], eps=args["eps"], affine=args["affine"])


def _ccbn(args: dict, source: Shape, out: Shape) -> nn.Module:
    return ConditionalBatchNorm(source, args["label"].classes, args["eps"], args["momentum"])


def _layer_norm(args: dict, source: Shape, out: Shape) -> nn.Module:
    return nn.GroupNorm(1, source[0], eps=args["eps"], affine=args["affine"])


def _group_norm(args: dict, source: Shape, out: Shape) -> nn.Module:
    return nn.GroupNorm(args["groups"], source[0], eps=args["eps"], affine=args["affine"])


def _linear(args: dict, source: Shape, out: Shape) -> nn.Module:
    return _normalised(Linear(source, out, args["bias"]), args)


BUILDERS: dict[str, Builder] = {
    "conv": _conv,
    "sepconv": _sepconv,
    "deconv": _deconv,
    "pixel_shuffle": lambda args, source, out: nn.PixelShuffle(args["factor"]),
    "nearest": _resize("nearest"),
    "bilinear": _resize("bilinear"),
    "bicubic": _resize("bicubic"),
    "identity": lambda args, source, out: nn.Identity(),
    "attention": lambda args, source, out: Attention(source[0]),
    "bn": _bn,
    "ccbn": _ccbn,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "relu": lambda args, source, out: nn.ReLU(),
    "leaky_relu": lambda args, source, out: nn.LeakyReLU(args["slope"]),
    "prelu": lambda args, source, out: nn.PReLU(source[0]),
    "elu": lambda args, source, out: nn.ELU(args["alpha"]),
    "selu": lambda args, source, out: nn.SELU(),
    "silu": lambda args, source, out: nn.SiLU(),
    "gelu": lambda args, source, out: nn.GELU(),
    "tanh": lambda args, source, out: nn.Tanh(),
    "sigmoid": lambda args, source, out: nn.Sigmoid(),
    "linear": _linear,
    "embed": lambda args, source, out: Embed(source, out),
}
