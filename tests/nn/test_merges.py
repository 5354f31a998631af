"""What merges say of themselves, against the numbers of what computes them; and those that read a
second node, against plain forms after the papers' code."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import attrs
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

import autorecon
from autorecon.lang.operations.merges import MERGE_CATALOGUE
from autorecon.lang.operations.shapes import Shape, ShapeFault
from autorecon.lang.operations.traits import MergeTraits
from autorecon.lang.program.merging import Merged, Merging
from autorecon.lowering.plan import Merge, Plan, Term
from autorecon.nn.builders import MERGE_BUILDERS, build_op
from autorecon.nn.executor import Run
from autorecon.nn.mixture import Scalars
from autorecon.nn.modules import ConditionalBatchNorm

SHAPES: list[Shape] = [(4,), (6,), (8,), (4, 3, 5), (6, 3, 5)]
TARGETS: list[Shape] = [(4,), (4, 3, 5), (6, 3, 5), (5, 3, 5)]


def merges(name: str) -> Iterator[Merging]:
    params = MERGE_CATALOGUE[name].params
    values = {bool: (True, False), int: (1, 3)}
    for drawn in itertools.product(*(values[p.type] for p in params)):
        yield Merging(name, drawn)


def joined(name: str) -> list[Merged]:
    """The merge between all shapes that it takes."""
    found = []
    for op, first, second, target in itertools.product(merges(name), SHAPES, SHAPES, TARGETS):
        try:
            merged = op.of((first, second), target)
        except ShapeFault:
            continue
        if merged.after == target:
            found.append(merged)
    assert found
    return found


def given(shape: Shape, seed: int = 1) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(3, *shape, generator=random, dtype=torch.float64)


def module(merged: Merged) -> nn.Module:
    torch.manual_seed(0)
    made = build_op(merged).double()
    for parameter in made.parameters():
        nn.init.normal_(parameter)
    return made


def plainly(name: str, *parts: Tensor) -> Tensor:
    """What a plan makes of parts by the merge's name."""
    names = [f"p{number}" for number in range(len(parts))]
    inputs = {n: tuple(p.shape[1:]) for n, p in zip(names, parts, strict=True)}
    merge = Merge("out", name, tuple(map(Term, names)), (), len(parts))
    values = dict(zip(names, parts, strict=True))
    return Run({}, Scalars({}), values)(Plan(inputs, (merge,), "out"))


def test_those_that_are_not_plain_have_modules() -> None:
    modules = {name for name, spec in MERGE_CATALOGUE.items() if not spec.traits.plain}
    assert modules == set(MERGE_BUILDERS)
    assert {len(MERGE_CATALOGUE[name].parts) for name in modules} == {2}


@pytest.mark.parametrize("name", MERGE_BUILDERS)
@torch.no_grad()
def test_shape_and_cost(name: str) -> None:
    for merged in joined(name):
        made, parts = module(merged), [given(s, n) for n, s in enumerate(merged.sources)]
        with FlopCounterMode(display=False) as counter:
            out = made(*parts)
        assert tuple(out.shape[1:]) == merged.after
        assert sum(p.numel() for p in made.parameters()) == merged.parameters
        assert counter.get_total_flops() == 2 * len(out) * merged.macs


@pytest.mark.parametrize("name", MERGE_CATALOGUE)
def test_traits(name: str) -> None:
    """Each is a promise that holds where it is made, and of a plain merge nowhere else."""
    traits = MERGE_CATALOGUE[name].traits
    if not traits.plain:
        assert traits == MergeTraits()
        return
    a, b, c = (given((4, 2, 2), seed) for seed in range(3))
    found = plainly(name, a, b)
    is_sum = torch.allclose(plainly(name, a + c, b + c), found + plainly(name, c, c))
    stacks = found.shape[1] == 8
    assert traits.stacks == stacks
    assert traits.linear == (is_sum and not stacks)
    assert traits.symmetric == torch.equal(plainly(name, b, a), found)
    assert traits.partial == (plainly(name, a).shape == found.shape)
    assert {f.name for f in attrs.fields(MergeTraits)} == {
        *("plain", "linear", "stacks", "partial", "symmetric")
    }


def grouped(x: Tensor, weight: Tensor, style: Tensor, demodulate: bool) -> Tensor:
    """`modulated_conv2d` of StyleGAN2, fused: a kernel for each sample, all in one convolution."""
    batch = len(x)
    own = weight[None] * style.reshape(batch, 1, -1, 1, 1)
    if demodulate:
        own = own * (own.square().sum(dim=[2, 3, 4]) + 1e-8).rsqrt().reshape(batch, -1, 1, 1, 1)
    x = x.reshape(1, -1, *x.shape[2:])
    out = F.conv2d(x, own.flatten(0, 1), padding=weight.shape[-1] // 2, groups=batch)
    return out.reshape(batch, -1, *out.shape[2:])


def same_with_gradients(one: Tensor, two: Tensor, *inputs: Tensor) -> None:
    torch.testing.assert_close(one, two)
    direction = given(tuple(one.shape[1:]), 7)
    gradients = [torch.autograd.grad(out, inputs, direction) for out in (one, two)]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize("equal", [True, False])
def test_a_modulated_convolution_has_a_kernel_for_each_sample(
    demodulate: bool, equal: bool
) -> None:
    op = Merging("modconv", (3, True, demodulate, equal))
    conv = module(op.of(((4, 6, 5), (4,)), (7, 6, 5)))
    x, style = given((4, 6, 5)).requires_grad_(), given((4,), 2).requires_grad_()
    weight = conv.parametrizations.weight.original / 6 if equal else conv.weight
    plain = grouped(x, weight, 1 + style, demodulate) + conv.bias[:, None, None]
    raw = conv.parametrizations.weight.original if equal else conv.weight
    same_with_gradients(conv(x, style), plain, x, style, raw, conv.bias)


def normed(norm: str, by: str = "linear") -> autorecon.Space:
    """Conditional norms: of noise and a vector, or of noise and a label."""
    source = "w" if by == "linear" else "y"
    return autorecon.loads(f"""space normed
input z [12]: noise
{"input y: label(3)" * (source == "y")}
node w [3]
node x [2, 3, 2]
node a [2, 3, 2] merge film
output image [2, 3, 2]
link z -> w = linear
link z -> x = reshape
link x -> a = {norm}
link {source} -> a = {by}
link w -> image = linear
link a -> image = identity
""")


@pytest.mark.parametrize("norm", ["instance_norm(affine=false)", "bn(affine=false)"])
@pytest.mark.parametrize("train", [True, False])
def test_film_behind_a_norm_is_a_conditional_norm_of_any_vector(norm: str, train: bool) -> None:
    """AdaIN (Huang and Belongie, 2017), and BigGAN's norm, whose gain is 1 + what a layer makes."""
    net = autorecon.generator(normed(norm), seed=0).double().train(train)
    z = given((12,)).requires_grad_()
    w, x = net._modules["z->w"].linear(z), z.view(-1, 2, 3, 2)
    affine = net._modules["w->a"].linear
    gain, offset = (part[:, :, None, None] for part in affine(w).chunk(2, 1))
    axes = (2, 3) if "instance" in norm else (0, 2, 3)
    if train or "instance" in norm:
        mean = x.mean(axes, keepdim=True)
        variance = x.var(axes, unbiased=False, keepdim=True)
    else:
        mean, variance = torch.zeros(()), torch.ones(())
    made = (x - mean) / (variance + 1e-5).sqrt() * (1 + gain) + offset
    made = made + net._modules["w->image"].linear(w)
    y = torch.zeros(3, dtype=torch.int64)
    same_with_gradients(net(z, y), made, z, affine.weight)


def test_of_a_label_it_is_the_norm_that_names_one() -> None:
    """But for where factors begin: those of `ccbn` are themselves 1."""
    net = autorecon.generator(normed("bn(affine=false)", "embed"), seed=0).double()
    ccbn = ConditionalBatchNorm((2, 3, 2), 3, 1e-5, 0.1).double()
    z, y = given((12,)), torch.tensor([0, 2, 1])
    table = net._modules["y->a"].embed.weight
    with torch.no_grad():
        factor, offset = table.chunk(2, 1)
        ccbn.gamma.weight.copy_(1 + factor)
        ccbn.beta.weight.copy_(offset)
    w = net._modules["z->w"].linear(z)
    expected = ccbn(z.view(-1, 2, 3, 2), y) + net._modules["w->image"].linear(w)
    torch.testing.assert_close(net(z, y), expected)
