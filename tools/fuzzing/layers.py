"""Parts of networks, each as somebody writes it: of so many channels and so large maps.

Those that are made of others are in `fuzzing.composed`.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

Shape = tuple[int, int]  # channels, side
Part = Callable[[Random, Shape], nn.Module]

LAYERS: dict[str, Part] = {}
REFUSED: set[str] = set()  # those that need not be captured


def layer(part: Part) -> Part:
    LAYERS[part.__name__] = part
    return part


def may_be_refused(part: Part) -> Part:
    REFUSED.add(part.__name__)
    return layer(part)


class Written(nn.Module):
    """Modules and parameters by their names, and what is computed with them."""

    def __init__(self, forward: Callable[[Any, Tensor], Tensor], **parts: Any) -> None:
        super().__init__()
        self.computed = forward
        for name, part in parts.items():
            if isinstance(part, Tensor) and not isinstance(part, nn.Parameter):
                self.register_buffer(name, part)
            else:
                setattr(self, name, part)

    def forward(self, x: Tensor) -> Tensor:
        return self.computed(self, x)


def own(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(shape) / max(1, shape[-1]))


def width(random: Random) -> int:
    return random.choice((4, 6, 8, 12))


# Products with weights.


@layer
def conv(random: Random, shape: Shape) -> nn.Module:
    c, side = shape
    kernel = random.choice([k for k in (1, 2, 3, 5) if k <= side])
    groups = random.choice([g for g in (1, 1, 2, c) if c % g == 0])
    out = groups * random.choice((1, 2, 3))
    dilation = random.choice((1, 1, 2))
    most = min(dilation * (kernel - 1) // 2, side - 1)
    mode = random.choice(("zeros", "zeros", "reflect", "replicate", "circular"))
    padding = random.choice((0, most)) if dilation * (kernel - 1) < side else most
    return nn.Conv2d(
        c, out, kernel, random.choice((1, 1, 2)), padding, dilation, groups,
        random.random() < 0.6, mode,
    )  # fmt: skip


@layer
def conv_same(random: Random, shape: Shape) -> nn.Module:
    kernel = random.choice((1, 3, (1, 3), (3, 1)))
    return nn.Conv2d(shape[0], width(random), kernel, padding="same")


@layer
def conv_by_function(random: Random, shape: Shape) -> nn.Module:
    out = width(random)
    return Written(
        lambda net, x: F.conv2d(x, net.kernel, net.shift, padding=1),
        kernel=own(out, shape[0], 3, 3), shift=own(out),
    )  # fmt: skip


@layer
def conv_padded(random: Random, shape: Shape) -> nn.Module:
    return Written(
        lambda net, x: net.conv(F.pad(x, (0, 1, 0, 1))), conv=nn.Conv2d(shape[0], width(random), 2)
    )


@layer
def transposed(random: Random, shape: Shape) -> nn.Module:
    c, side = shape
    if side > 8:
        return nn.ConvTranspose2d(c, width(random), 3, padding=1)
    groups = random.choice((1, c))
    return nn.ConvTranspose2d(c, groups * 2, 2, 2, groups=groups, bias=random.random() < 0.5)


@layer
def conv1d(random: Random, shape: Shape) -> nn.Module:
    def forward(net: Any, x: Tensor) -> Tensor:
        return net.conv(x.flatten(2)).unflatten(2, x.shape[2:])

    return Written(forward, conv=nn.Conv1d(shape[0], width(random), 3, padding=1))


@layer
def channels_last(random: Random, shape: Shape) -> nn.Module:
    out = width(random)
    return Written(
        lambda net, x: net.out(F.gelu(net.into(x.permute(0, 2, 3, 1)))).permute(0, 3, 1, 2),
        into=nn.Linear(shape[0], 8), out=nn.Linear(8, out, bias=False),
    )  # fmt: skip


@layer
def linear_by_function(random: Random, shape: Shape) -> nn.Module:
    return Written(
        lambda net, x: F.linear(x.transpose(1, 3), net.matrix).transpose(1, 3),
        matrix=own(width(random), shape[0]),
    )


@layer
def matmul(random: Random, shape: Shape) -> nn.Module:
    c, _ = shape
    ways = (
        lambda net, x: (x.flatten(2).mT @ net.matrix).mT.unflatten(2, x.shape[2:]),
        lambda net, x: torch.einsum("bchw,co->bohw", x, net.matrix),
        lambda net, x: torch.matmul(net.matrix.t(), x.flatten(2)).view(
            x.shape[0], -1, *x.shape[2:]
        ),
    )
    return Written(random.choice(ways), matrix=own(c, width(random)))


@layer
def attention(random: Random, shape: Shape) -> nn.Module:
    c, _ = shape
    heads = random.choice([h for h in (1, 2) if c % h == 0])

    def forward(net: Any, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        found, _ = net.attend(tokens, tokens, tokens, need_weights=False)
        return x + found.transpose(1, 2).reshape(x.shape)

    return Written(forward, attend=nn.MultiheadAttention(c, heads, batch_first=True))


@layer
def weight_normed(random: Random, shape: Shape) -> nn.Module:
    made = nn.Conv2d(shape[0], width(random), 3, padding=1)
    return random.choice((parametrizations.weight_norm, parametrizations.spectral_norm))(made)


class Halved(nn.Module):
    def forward(self, weight: Tensor) -> Tensor:
        return weight / 2


@layer
def parametrized(random: Random, shape: Shape) -> nn.Module:
    made = nn.Conv2d(shape[0], width(random), 3, padding=1)
    parametrize.register_parametrization(made, "weight", Halved())
    return made


@layer
def reused(random: Random, shape: Shape) -> nn.Module:
    c, _ = shape
    return Written(
        lambda net, x: net.conv(F.relu(net.conv(x))) + x, conv=nn.Conv2d(c, c, 3, padding=1)
    )


@layer
def tied(random: Random, shape: Shape) -> nn.Module:
    c, _ = shape
    first, second = nn.Conv2d(c, c, 3, padding=1), nn.Conv2d(c, c, 3, padding=1, bias=False)
    second.weight = first.weight
    return nn.Sequential(first, nn.ReLU(), second)


# Norms.


@layer
def batch_norm(random: Random, shape: Shape) -> nn.Module:
    return nn.BatchNorm2d(shape[0], affine=random.random() < 0.8)


@layer
def conv_norm_act(random: Random, shape: Shape) -> nn.Module:
    out = width(random)
    act = random.choice((nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.Hardswish(), nn.SiLU()))
    conv = nn.Conv2d(shape[0], out, 3, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out), act)


@layer
def other_norm(random: Random, shape: Shape) -> nn.Module:
    c, side = shape
    groups = nn.GroupNorm(2 if c % 2 == 0 else 1, c)
    return random.choice((groups, nn.InstanceNorm2d(c), nn.LayerNorm([c, side, side])))


@layer
def norm_by_function(random: Random, shape: Shape) -> nn.Module:
    c, _ = shape
    return Written(
        lambda net, x: F.batch_norm(x, net.mean, net.var, net.gain),
        mean=torch.randn(c), var=torch.rand(c) + 0.5, gain=own(c),
    )  # fmt: skip


# Without weights.


@layer
def activation(random: Random, shape: Shape) -> nn.Module:
    return random.choice((
        nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.LeakyReLU(0.1), nn.ELU(), nn.GELU(),
        nn.SiLU(), nn.Mish(), nn.Hardswish(), nn.Hardsigmoid(), nn.PReLU(shape[0]), nn.Softplus(),
        nn.Tanh(), nn.Sigmoid(), nn.Hardtanh(-1, 2), nn.Identity(), nn.Softsign(),
    ))  # fmt: skip


@layer
def activation_by_function(random: Random, shape: Shape) -> nn.Module:
    ways = (
        lambda net, x: F.relu(x), lambda net, x: x.relu_(), lambda net, x: torch.clamp(x, 0, 6),
        lambda net, x: x.clamp_min(0), lambda net, x: F.relu6(x), lambda net, x: x * x.sigmoid(),
        lambda net, x: torch.where(x > 0, x, 0.1 * x), lambda net, x: torch.maximum(x, -x),
        lambda net, x: F.hardtanh(x, 0, 6), lambda net, x: x.mul(0.5).add_(1).relu(),
    )  # fmt: skip
    return Written(random.choice(ways))


@layer
def pool(random: Random, shape: Shape) -> nn.Module:
    if shape[1] < 2:
        return nn.Identity()
    return random.choice((
        nn.MaxPool2d(2), nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(2), nn.AdaptiveMaxPool2d(1),
        nn.MaxPool2d(3, 1, 1), nn.AvgPool2d(3, 1, 1, count_include_pad=False),
        nn.Upsample(scale_factor=2, mode="nearest"), nn.LPPool2d(2, 2),
        Written(lambda net, x: F.interpolate(x, size=3, mode="bilinear")),
    ))  # fmt: skip


@layer
def dropout(random: Random, shape: Shape) -> nn.Module:
    ways = (nn.Dropout(0.5), nn.Dropout2d(0.2), Written(lambda n, x: F.dropout(x, 0.5, n.training)))
    return random.choice(ways)


@layer
def moved(random: Random, shape: Shape) -> nn.Module:
    ways = (
        lambda net, x: torch.cat(x.chunk(2, 1)[::-1], 1), lambda net, x: x[:, ::2],
        lambda net, x: x.flip(3), lambda net, x: torch.roll(x, 1, 2), lambda net, x: x.mT,
        lambda net, x: torch.stack(x.unbind(1), 1), lambda net, x: x.clone().contiguous(),
        lambda net, x: x[..., None].squeeze(-1).contiguous(), lambda net, x: x.repeat(1, 2, 1, 1),
        lambda net, x: sum(torch.split(x, 1, dim=1)),
    )  # fmt: skip
    return Written(random.choice(ways))


@layer
def shuffled(random: Random, shape: Shape) -> nn.Module:
    c, _ = shape
    if c % 2:
        return nn.Identity()
    return Written(
        lambda net, x: x.view(x.shape[0], 2, -1, *x.shape[2:]).transpose(1, 2).flatten(1, 2)
    )


@layer
def in_place(random: Random, shape: Shape) -> nn.Module:
    def of_a_part(net: Any, x: Tensor) -> Tensor:
        x = x + 1
        half = x[:, : max(1, x.shape[1] // 2)]
        half.mul_(2).relu_()
        return x

    def of_all(net: Any, x: Tensor) -> Tensor:
        x = x + 1
        x *= 2
        return x.sub_(1).relu_()

    # The former takes half a second: torch follows aliases.
    return Written(of_a_part if random.random() < 0.2 else of_all)


@layer
def buffer(random: Random, shape: Shape) -> nn.Module:
    return Written(
        lambda net, x: (x - net.mean) / net.std,
        mean=torch.randn(1, shape[0], 1, 1), std=torch.rand(shape[0], 1, 1) + 0.5,
    )  # fmt: skip
