"""Modules that torch has not: vectors to any shape, and what a class or a position decides."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm

from autorecon.lang import Shape
from autorecon.nn import processes


class Linear(nn.Linear):
    """Fully connected, from and to any shape: [N, *source] -> [N, *out]."""

    def __init__(self, out: Shape, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__(inputs, outputs, bias)
        self.out = tuple(out)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.flatten(1)).unflatten(1, self.out)


class Embed(nn.Embedding):
    """One learned vector (or feature map) a class: int64 [N] -> [N, *out], N(0, 1) at the start."""

    def __init__(self, out: Shape, classes: int, outputs: int) -> None:
        super().__init__(classes, outputs)
        self.out = tuple(out)

    def forward(self, y: Tensor) -> Tensor:
        return super().forward(y).unflatten(1, self.out)


class Frozen(nn.Embedding):
    """An embedding that is not trained, a buffer: int64 [N] -> [N, *out], N(0, 1) at the start."""

    def __init__(self, out: tuple[int, ...], classes: int) -> None:
        super().__init__(classes, torch.Size(out).numel())
        table = self.weight.detach()
        del self.weight
        self.register_buffer("weight", table)
        self.out = tuple(out)

    def forward(self, y: Tensor) -> Tensor:
        return super().forward(y).unflatten(1, self.out)


class Constant(nn.Module):
    """A learned value [*shape], the same for each sample: whatever [N, ...] -> [N, *shape]."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.param = nn.Parameter(torch.randn(shape))

    def forward(self, like: Tensor) -> Tensor:
        return self.param.expand(like.shape[0], *self.param.shape)


class ConditionalBatchNorm(nn.Module):
    """Batch normalisation whose factor (1 at the start) and offset (0) are those of a class.

    Statistics are shared by all classes. x [N, C, ...], y int64 [N] -> [N, C, ...].
    """

    def __init__(self, source: Shape, classes: int, eps: float, momentum: float) -> None:
        super().__init__()
        kind = nn.BatchNorm2d if len(source) == 3 else nn.BatchNorm1d
        self.bn = kind(source[0], eps=eps, momentum=momentum, affine=False)
        self.gamma = nn.Embedding(classes, source[0])
        self.beta = nn.Embedding(classes, source[0])
        nn.init.ones_(self.gamma.weight)
        nn.init.zeros_(self.beta.weight)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.scaled(self.bn(x), y)

    def scaled(self, normalised: Tensor, y: Tensor) -> Tensor:
        shape = (*normalised.shape[:2], *[1] * (normalised.dim() - 2))
        factor, offset = (t(y).view(shape).to(normalised.dtype) for t in (self.gamma, self.beta))
        return factor * normalised + offset


def norm_of_copies(bn: nn.Module, copies: int, x: Tensor, *labels: Tensor) -> Tensor:
    """Batch normalisation of x [N, C, ...] as if every position were there `copies` times.

    Its mean and biased variance are the same, but the running variance is of the unbiased one.
    """
    if isinstance(bn, ConditionalBatchNorm):
        return bn.scaled(norm_of_copies(bn.bn, copies, x), *labels)
    assert isinstance(bn, nn.BatchNorm1d | nn.BatchNorm2d)
    if not bn.training or bn.running_var is None or bn.momentum is None:
        return bn(x)
    # Backward keeps the variance that it is given, so the buffer itself must not be that.
    moved = bn.running_var.clone()
    out = F.batch_norm(x, bn.running_mean, moved, bn.weight, bn.bias, True, bn.momentum, bn.eps)
    count = processes.now().size * x.numel() // x.shape[1]
    past = (1 - bn.momentum) * bn.running_var
    found = past + (moved - past) * (copies * (count - 1) / (copies * count - 1))
    # Torch's own norms do not tell autograd either: another call of this one may have kept it.
    bn.running_var.data.copy_(found)
    bn.get_buffer("num_batches_tracked").add_(1)
    return out


class Attention(nn.Module):
    """Self-attention over positions (Zhang et al., 2019): x + gamma * attended, gamma 0 at first.

    Queries and keys have an eighth of the channels, values half, or all where they are `full`, and
    then nothing is computed of what they make. Each head has its share of all of them. Keys and
    values may be pooled, to the largest of `pool` x `pool`. [N, C, H, W] -> the same.
    """

    def __init__(
        self,
        channels: int,
        heads: int = 1,
        pool: int = 1,
        bias: bool = False,
        full: bool = False,
        spectral: bool = False,
    ) -> None:
        super().__init__()

        def conv(inputs: int, outputs: int) -> nn.Module:
            layer = nn.Conv2d(inputs, outputs, 1, bias=bias)
            return spectral_norm(layer) if spectral else layer

        self.heads, self.pool = heads, pool
        values = channels if full else channels // 2
        self.query, self.key = conv(channels, channels // 8), conv(channels, channels // 8)
        self.value = conv(channels, values)
        self.out = nn.Identity() if full else conv(values, channels)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.query(x), self.key(x), self.value(x)
        if self.pool > 1:
            key, value = F.max_pool2d(key, self.pool), F.max_pool2d(value, self.pool)
        # [N, heads, channels of one, positions]
        split = (t.flatten(2).unflatten(1, (self.heads, -1)) for t in (query, key, value))
        query, key, value = split
        scores = query.transpose(2, 3) @ key
        weights = scores.softmax(-1, dtype=torch.promote_types(scores.dtype, torch.float32))
        attended = (value @ weights.transpose(2, 3)).flatten(1, 2)
        return x + self.gamma * self.out(attended.unflatten(2, x.shape[2:]))


class Film(nn.Module):
    """Scaled and shifted, a channel and sample each (Perez et al., 2018): x * (1 + scale) + shift.

    x [N, C, ...] and [N, 2*C], scales and then shifts -> [N, C, ...].
    """

    def forward(self, x: Tensor, by: Tensor) -> Tensor:
        scale, shift = by.to(x.dtype).view(*by.shape, *[1] * (x.dim() - 2)).chunk(2, 1)
        return x * (1 + scale) + shift


class ModulatedConv(nn.Conv2d):
    """A convolution with a kernel for each sample (Karras et al., 2020): its weights times 1 + the
    style of the channel that they read, and `demodulate`d those of each channel that they make over
    the root of the sum of their squares. x [N, C, H, W], style [N, C] -> [N, O, H, W].

    It is computed by scaling channels before and after one convolution of all samples.
    """

    def __init__(
        self, channels: int, out: int, kernel: int, bias: bool = True, demodulate: bool = True
    ) -> None:
        super().__init__(channels, out, kernel, padding=kernel // 2, bias=bias)
        self.demodulate = demodulate

    def forward(self, x: Tensor, style: Tensor) -> Tensor:  # type: ignore[override]
        weight, scale = self.weight, 1 + style
        made = F.conv2d(x * scale[:, :, None, None].to(x.dtype), weight, padding=self.padding)
        if self.demodulate:
            squares = scale.square() @ weight.square().sum((2, 3)).T
            made = made * (squares + 1e-8).rsqrt()[:, :, None, None].to(made.dtype)
        return made if self.bias is None else made + self.bias[:, None, None].to(made.dtype)


class FactorizedReduce(nn.Module):
    """Half the resolution (Zoph et al., 2018): one 1x1 convolution of the pixels in even rows and
    columns beside another of those in odd ones. [N, C, H, W] -> [N, O, H/2, W/2]."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.even = nn.Conv2d(channels, out // 2, 1, stride=2, bias=False)
        self.odd = nn.Conv2d(channels, out // 2, 1, stride=2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.even(x), self.odd(x[:, :, 1:, 1:])], 1)


class PixelNorm(nn.Module):
    """Each pixel over the root of its channels' mean square (Karras et al., 2018), any shape."""

    def __init__(self, eps: float) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return x * (x.square().mean(1, keepdim=True) + self.eps).rsqrt()


class Equal(nn.Module):
    """Of a layer's weight, which is N(0, 1) at the start, what is computed with: over the root of
    the numbers that each output is made of, so that all layers learn alike (Karras et al., 2018).
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.inputs = inputs

    def forward(self, weight: Tensor) -> Tensor:
        return weight * self.inputs**-0.5

    @classmethod
    def of(cls, layer: nn.Module, inputs: int) -> nn.Module:
        """The layer itself, with its weight so, and biases of 0 at the start."""
        nn.init.normal_(layer.get_parameter("weight"))
        bias = layer._parameters["bias"]
        if bias is not None:
            nn.init.zeros_(bias)
        parametrize.register_parametrization(layer, "weight", cls(inputs))
        return layer


class Gain(nn.Module):
    """Times a learned factor: one for all channels, or one for each of so many."""

    def __init__(self, start: float, channels: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), start))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight.view(-1, *[1] * (x.dim() - 2)).to(x.dtype)


class Mask(nn.Module):
    """The first channels as they are, zeros in place of the others: [N, C, ...] -> the same."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, x: Tensor) -> Tensor:
        rest = x.shape[1] - self.count
        return F.pad(x[:, : self.count], (*[0, 0] * (x.dim() - 2), 0, rest))


class Scale(nn.Module):
    """Times a number."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


class Mean(nn.Module):
    """Over some axes."""

    def __init__(self, axes: tuple[int, ...]) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(self.axes)


class Expand(nn.Module):
    """Copies of whatever there is one of: [N, 1, H, W] or [N, C] -> [N, *shape]."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        more = len(self.shape) + 1 - x.dim()
        return x.view(*x.shape, *[1] * more).expand(-1, *self.shape)


class Reshape(nn.Module):
    """The same numbers; the shape is with that of the batch, -1."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(self.shape)


HELPERS = (
    Attention,
    ConditionalBatchNorm,
    Constant,
    Equal,
    Expand,
    FactorizedReduce,
    Film,
    Frozen,
    Gain,
    Mask,
    ModulatedConv,
    PixelNorm,
)
"""What exported source carries where it uses it: it may import torch alone."""
