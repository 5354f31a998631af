"""Parts of networks that are made of other parts, or written in an odd way."""

from __future__ import annotations

from random import Random
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from fuzzing.layers import Shape, Written, layer, may_be_refused, own, width


def inner(random: Random, shape: Shape) -> nn.Module:
    """Some that leave the shape as it is."""
    c, _ = shape
    act = random.choice((nn.ReLU(), nn.SiLU(), nn.Hardswish(inplace=True)))
    found: list[nn.Module] = [nn.Conv2d(c, c, 3, padding=1, groups=random.choice((1, c)))]
    found += [nn.BatchNorm2d(c)] * (random.random() < 0.7)
    return nn.Sequential(*found, act)


@layer
def residual(random: Random, shape: Shape) -> nn.Module:
    ways = (
        lambda net, x: x + net.inner(x), lambda net, x: F.relu(net.inner(x).add_(x)),
        lambda net, x: torch.add(x, net.inner(x), alpha=0.5), lambda net, x: sum([x, net.inner(x)]),
        lambda net, x: net.inner(x) * net.gain + x,
    )  # fmt: skip
    return Written(random.choice(ways), inner=inner(random, shape), gain=own(shape[0], 1, 1))


@layer
def concatenated(random: Random, shape: Shape) -> nn.Module:
    return Written(lambda net, x: torch.cat([x, net.inner(x)], dim=1), inner=inner(random, shape))


@layer
def branches(random: Random, shape: Shape) -> nn.Module:
    parts = nn.ModuleList([inner(random, shape) for _ in range(3)])
    return Written(lambda net, x: torch.cat([part(x) for part in net.parts], 1), parts=parts)


@layer
def squeezed(random: Random, shape: Shape) -> nn.Module:
    c, _ = shape
    gate = nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Conv2d(c, 4, 1), nn.ReLU(), nn.Conv2d(4, c, 1),
        random.choice((nn.Sigmoid(), nn.Hardsigmoid())),
    )  # fmt: skip
    return Written(lambda net, x: x * net.gate(x), gate=gate)


@layer
def squeezed_by_linear(random: Random, shape: Shape) -> nn.Module:
    c, _ = shape
    return Written(
        lambda net, x: x * torch.sigmoid(net.gate(x.mean((2, 3)))).view(x.shape[0], -1, 1, 1),
        gate=nn.Linear(c, c),
    )


@layer
def gated(random: Random, shape: Shape) -> nn.Module:
    return Written(
        lambda net, x: F.glu(net.conv(x), 1), conv=nn.Conv2d(shape[0], 2 * width(random), 1)
    )


@layer
def hooked(random: Random, shape: Shape) -> nn.Module:
    made = inner(random, shape)
    if random.random() < 0.5:
        made.register_forward_hook(lambda module, given, found: found * 2)
    else:
        made.register_forward_pre_hook(lambda module, given: (given[0] + 1,))
    return made


@layer
def by_names(random: Random, shape: Shape) -> nn.Module:
    parts = nn.ModuleDict({name: inner(random, shape) for name in ("b", "a")})
    return Written(lambda net, x: net.parts["a"](x) - net.parts["b"](x), parts=parts)


@layer
def checkpointed(random: Random, shape: Shape) -> nn.Module:
    return Written(
        lambda net, x: checkpoint(net.inner, x, use_reentrant=False), inner=inner(random, shape)
    )


@layer
def by_shape(random: Random, shape: Shape) -> nn.Module:
    def forward(net: Any, x: Tensor) -> Tensor:
        if x.shape[-1] > 4 and not net.training:
            return net.inner(x)
        return x

    return Written(forward, inner=inner(random, shape))


class Straight(torch.autograd.Function):
    """A rectifier with a gradient of its own."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient


@may_be_refused
def own_function(random: Random, shape: Shape) -> nn.Module:
    return Written(lambda net, x: Straight.apply(x))


@may_be_refused
def detached(random: Random, shape: Shape) -> nn.Module:
    """Images cannot be made by gradients that end here."""
    return Written(lambda net, x: net.inner(x.detach()), inner=inner(random, shape))


@may_be_refused
def by_values(random: Random, shape: Shape) -> nn.Module:
    ways = (
        lambda net, x: x if x.sum() > 0 else -x, lambda net, x: x * float(x.mean()),
        lambda net, x: x[x.mean((1, 2, 3)) > 0], lambda net, x: x + torch.randn_like(x),
    )  # fmt: skip
    return Written(random.choice(ways))


@may_be_refused
def other_type(random: Random, shape: Shape) -> nn.Module:
    kind = random.choice((torch.float64, torch.bfloat16))
    made = nn.Conv2d(shape[0], width(random), 3, padding=1).to(kind)
    return Written(lambda net, x: net.conv(x.to(kind)).float(), conv=made)


@may_be_refused
def autocast(random: Random, shape: Shape) -> nn.Module:
    def forward(net: Any, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return net.inner(x).float()

    return Written(forward, inner=inner(random, shape))
