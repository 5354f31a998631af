"""StyleGAN2, as the library has it, against a plain form after its authors' code."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import autorecon

LATENT, WIDTH, STAGES, LAYERS, CLASSES = 6, 2, 3, 2, 4


def second_moment(x: Tensor) -> Tensor:
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


def activated(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2) * 2**0.5


class Dense(nn.Module):
    """`FullyConnectedLayer`, linear."""

    def __init__(self, inputs: int, outputs: int, bias_init: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.full((outputs,), bias_init))

    def forward(self, x: Tensor) -> Tensor:
        return x @ (self.weight / self.weight.shape[1] ** 0.5).T + self.bias


def modulated(x: Tensor, weight: Tensor, style: Tensor, demodulate: bool = True) -> Tensor:
    """`modulated_conv2d`, fused: a kernel for each sample, all as one grouped convolution."""
    batch = len(x)
    own = weight[None] * style.reshape(batch, 1, -1, 1, 1)
    if demodulate:
        own = own * (own.square().sum((2, 3, 4)) + 1e-8).rsqrt().reshape(batch, -1, 1, 1, 1)
    flat = x.reshape(1, -1, *x.shape[2:])
    out = F.conv2d(flat, own.flatten(0, 1), padding=weight.shape[-1] // 2, groups=batch)
    return out.reshape(batch, -1, *out.shape[2:])


class Layer(nn.Module):
    """`SynthesisLayer`: noise, bias and activation behind the convolution."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.affine = Dense(LATENT, channels, 1.0)
        self.weight = nn.Parameter(torch.randn(out, channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(out))
        self.strength = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor, w: Tensor, noise: Tensor) -> Tensor:
        weight = self.weight / (9 * x.shape[1]) ** 0.5
        made = modulated(x, weight, self.affine(w)) + noise * self.strength
        return activated(made + self.bias[:, None, None])


class ToRgb(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.affine = Dense(LATENT, channels, 1.0)
        self.weight = nn.Parameter(torch.randn(3, channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        style = self.affine(w) / x.shape[1] ** 0.5
        return modulated(x, self.weight, style, False) + self.bias[:, None, None]


def doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class Synthesis(nn.Module):
    """The whole generator with the architecture `skip`, of a vector and noise for each layer."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [WIDTH * 2 ** (STAGES - 1 - i) for i in range(STAGES)]
        self.embed = nn.Embedding(CLASSES, LATENT)
        inputs = [2 * LATENT, *[LATENT] * (LAYERS - 1)]
        self.mapping = nn.ModuleList(Dense(n, LATENT) for n in inputs)
        self.const = nn.Parameter(torch.randn(sizes[0], 4, 4))
        before = [sizes[0], *sizes]
        self.large = nn.ModuleList(Layer(b, c) for b, c in zip(before[1:], sizes[1:], strict=False))
        self.same = nn.ModuleList(Layer(c, c) for c in sizes)
        self.rgb = nn.ModuleList(map(ToRgb, sizes))

    def forward(self, z: Tensor, y: Tensor, noise: list[Tensor]) -> Tensor:
        w = torch.cat([second_moment(z), second_moment(self.embed(y))], 1)
        for layer in self.mapping:
            w = activated(layer(w))
        x, left = self.const.expand(len(z), *self.const.shape), iter(noise)
        image: Tensor | float = 0.0
        for i, (same, rgb) in enumerate(zip(self.same, self.rgb, strict=True)):
            if i:
                x = self.large[i - 1](doubled(x), w, next(left))
            x = same(x, w, next(left))
            image = (doubled(image) if i else 0) + rgb(x, w)
        return image


def filled(net: autorecon.nn.Generator, plain: Synthesis) -> dict[Tensor, Tensor]:
    """Gives the plain form our weights; each of ours with its own."""
    state = dict(net.named_parameters())
    raw = "parametrizations.weight.original"
    w = f"w[{LAYERS}]"

    def dense(name: str, layer: Dense) -> list[tuple[str, Tensor]]:
        path = f"{name}.linear_equal"
        return [(f"{path}.{raw}", layer.weight), (f"{path}.bias", layer.bias)]

    def conv(node: str, layer: nn.Module) -> list[tuple[str, Tensor]]:
        kind = [(f"{node}.modconv.{raw}", layer.weight), (f"{node}.modconv.bias", layer.bias)]
        return kind + dense(f"{w}->{node}", layer.affine)

    embed = f"y->code.embed_out{LATENT}-pixel_norm.embed.weight"
    pairs = [(embed, plain.embed.weight), ("start.param", plain.const)]
    for i, layer in enumerate(plain.mapping, start=1):
        pairs += dense(f"{f'w[{i - 1}]' if i > 1 else 'code'}->w[{i}]", layer)
    for i, layer in enumerate(plain.same, start=1):
        pairs += [*conv(f"same[{i}]", layer), *conv(f"rgb[{i}]", plain.rgb[i - 1])]
        pairs.append((f"noise[{i},1]->whole[{i}].gain_start0p0-expand.gain.weight", layer.strength))
    for i, layer in enumerate(plain.large, start=2):
        pairs += conv(f"large[{i}]", layer)
        pairs.append((f"noise[{i},0]->half[{i}].gain_start0p0-expand.gain.weight", layer.strength))
    assert {name for name, _ in pairs} == state.keys()
    with torch.no_grad():
        for name, theirs in pairs:
            state[name].add_(torch.randn_like(state[name]) / 4)  # what begins with 0 counts as well
            # A style of ours is added to 1, and theirs begins there.
            theirs.copy_(state[name] + float(name.startswith(f"{w}->") and name.endswith("bias")))
    return {state[name]: theirs for name, theirs in pairs}


@pytest.mark.parametrize("train", [True, False])
def test_stylegan2(train: bool) -> None:
    space = autorecon.load("stylegan2", stages=STAGES, layers=LAYERS, size=16, latent=LATENT,
                           width=WIDTH, classes=CLASSES)  # fmt: skip
    net = autorecon.generator(space, seed=0).double().train(train)
    plain = Synthesis().double().train(train)
    pairs = filled(net, plain)
    z, y = net.example_inputs(3, torch.Generator().manual_seed(0))
    z = z.double().requires_grad_()
    sizes = [(1, *n.shape[1:]) if len(n.shape) == 3 else n.shape for n in net.noise]
    first, *noise = z.split([torch.Size(s).numel() for s in sizes], dim=1)
    maps = [n.unflatten(1, s) for n, s in zip(noise, sizes[1:], strict=True)]
    images, expected = net(z, y), plain(first, y, maps)
    torch.testing.assert_close(images, expected)
    direction = torch.randn(images.shape, generator=torch.Generator().manual_seed(1)).double()
    ours = torch.autograd.grad(images, [z, *pairs], direction)
    theirs = torch.autograd.grad(expected, [z, *pairs.values()], direction)
    torch.testing.assert_close(ours, theirs)


def test_its_weights_are_as_many_as_its_authors_print() -> None:
    """Of a layer of 512 channels at 4x4, and of the whole at 256x256 without labels."""
    space = autorecon.load("stylegan2", stages=7, size=256, latent=512, width=64)
    cost = {edge.name: edge.candidates[0].parameters for edge in space.edges}
    same, rgb = (space.nodes[f"{name}[1]"].merged.parameters for name in ("same", "rgb"))
    noise = cost["noise[1,1]->whole[1]"]
    assert same + noise + cost["w[8]->same[1]"] == 2_622_465
    assert rgb + cost["w[8]->rgb[1]"] == 264_195
    mapped = cost["code->w[1]"] - cost["w[1]->w[2]"] + cost["y->code"]
    assert space.cost.parameters.min - mapped == 24_767_458


def enlarged(x: Tensor) -> Tensor:
    """`upsample2d`: zeros between the pixels, and [1, 3, 3, 1] along both axes."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=x.dtype)
    kernel = (torch.outer(taps, taps) / 16).expand(x.shape[1], 1, 4, 4)
    return F.conv_transpose2d(x, kernel, stride=2, padding=1, groups=x.shape[1])


def test_its_filter_is_a_bilinear_resize_but_at_the_border() -> None:
    x = torch.randn(2, 3, 5, 6, dtype=torch.float64)
    inside = (..., slice(1, -1), slice(1, -1))
    torch.testing.assert_close(doubled(x)[inside], enlarged(x)[inside])
