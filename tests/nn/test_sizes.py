"""Sizes that choices decide: masks in a super net, slices in what is derived from it."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import autorecon
from autorecon import Space
from autorecon.lowering import check_plan, lower
from autorecon.nn import OneCandidate, SuperNet, WeightsError, edge_mixture

SMALL = """
space small
choice width = 2 | 4 | 6
choice wide = 3 | 5
input z [4]: noise
node a [width, 4, 4] then bn >> relu
node b [wide, 8, 8]
output image [1, 8, 8]
link z -> a = linear
link a -> b = nearest >> conv(3) | deconv(4)
link b -> image = bn >> sigmoid >> conv(3) | conv(1) >> tanh
"""
# Everything that may stand between sizes, in blocks, with a norm that is chosen.
LARGE = """
space large
choice first = 4 | 8
choice last = 8 | 4 | 12
choice norm = bn | instance_norm
input z [6]: noise
input y: label(3)
node code [last] then prelu
output image [3, 16, 16]
block stage(first, last, side) {
  choice inner = 2 | 6
  in   a [first, side, side] then norm >> relu
  node b [2*inner, 2*side, 2*side] then ccbn(y) >> silu
  out  c [last, 2*side, 2*side] merge mean then conv(1) >> leaky_relu(0.2)
  link a -> b = bilinear >> sepconv(3) | nearest >> bn >> sigmoid >> conv(3, dilation=2)
  link a -> c = pixel_shuffle >> conv(3) | deconv(3) | conv(3) >> bn >> relu >> conv(1) >> bicubic
  link b -> c = bn >> relu >> conv(3) | gain(each=true) >> conv(1) | none
              | avg_pool(3) >> scale(2) >> conv(1)
}
A = stage(first, last, 4)
B = stage(last, last/2, 8) after A
share choice A.inner, B.inner
link z -> code = linear(5) >> relu >> linear
link code -> A.a = linear >> elu
link y -> A.a = embed | none
link A.b -> B.b = nearest >> identity | none
link B.c -> image = conv(3) >> tanh
"""


def sample(space: Space, picks: tuple[int, ...]) -> dict[str, OneCandidate]:
    pairs = zip(space.decisions, picks, strict=True)
    return {d.name: OneCandidate(pick, torch.ones(())) for d, pick in pairs}


def settled(net: SuperNet) -> SuperNet:
    """With running statistics in which nothing is special."""
    z, y = net.example_inputs(5, torch.Generator().manual_seed(0))
    for _ in range(3):
        net(z, y)
    for parameter in net.weight_parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return net


@pytest.mark.parametrize("fuse", [False, True])
@pytest.mark.parametrize("text", [SMALL, LARGE])
@torch.no_grad()
def test_a_sample_is_the_generator_that_has_slices(text: str, fuse: bool) -> None:
    space = autorecon.loads(text)
    net = settled(autorecon.supernet(space, seed=0, fuse=fuse))
    z, y = net.example_inputs(4, torch.Generator().manual_seed(1))
    every = list(product(*(range(len(d.options)) for d in space.decisions)))
    for picks in Random(0).sample(every, min(12, len(every))):
        genotype = space.genotype(picks)
        generator = autorecon.generator(genotype, fuse=fuse, weights_from=net)
        count = sum(p.numel() for p in generator.parameters())
        assert count == genotype.cost.parameters.max
        state = {name: t.clone() for name, t in net.state_dict().items()}
        for train in (False, True):
            mixture = edge_mixture(space, sample(space, picks))
            found, wanted = net.train(train)(z, y, mixture), generator.train(train)(z, y)
            torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)
        for name, own in generator.state_dict().items():
            # Statistics too move as those of the generator do, where these are.
            moved = net.state_dict()[name][tuple(map(slice, own.shape))]
            torch.testing.assert_close(moved, own, atol=1e-5, rtol=1e-5)
        net.load_state_dict(state)


def masked(x: Tensor, weights: Tensor, sizes: list[int]) -> Tensor:
    """The sum of p * mask(x), as FBNetV2 has it."""
    reached = torch.tensor([[c < size for c in range(x.shape[1])] for size in sizes])
    return x * (weights @ reached.to(x)).view(-1, 1, 1)


@pytest.mark.parametrize("fuse", [False, True])
def test_a_soft_mixture_is_masks_weighted(fuse: bool) -> None:
    net = settled(autorecon.supernet(autorecon.loads(SMALL), seed=0, fuse=fuse)).double()
    z, _ = net.example_inputs(3)
    z = z.double()
    p = {name: alpha.detach().double() for name, alpha in net.probabilities().items()}
    p["width"] = torch.tensor([0.5, 0.2, 0.3], dtype=torch.float64, requires_grad=True)
    p["wide"] = torch.tensor([0.9, 0.1], dtype=torch.float64, requires_grad=True)
    state = dict(net.named_parameters())

    def conv(name: str, x: Tensor, **how: int) -> Tensor:
        run = F.conv_transpose2d if "deconv" in name else F.conv2d
        return run(x, state[f"{name}.weight"], state[f"{name}.bias"], **how)

    def bn(name: str, x: Tensor) -> Tensor:
        return F.batch_norm(x, None, None, state[f"{name}.weight"], state[f"{name}.bias"], True)

    a = F.linear(z, state["z->a.linear.weight"], state["z->a.linear.bias"]).view(3, 6, 4, 4)
    a = masked(bn("a.bn", a).relu(), p["width"], [2, 4, 6])
    one = conv("a->b.nearest-conv3.conv", F.interpolate(a, scale_factor=2), padding=1)
    b = p["a->b"][0] * one + p["a->b"][1] * conv("a->b.deconv4", a, stride=2, padding=1)
    b = masked(b, p["wide"], [3, 5])
    # What a norm makes of zeros is masked again before it is read.
    inner = masked(bn("b->image.bn-sigmoid-conv3.bn", b).sigmoid(), p["wide"], [3, 5])
    one = conv("b->image.bn-sigmoid-conv3.conv", inner, padding=1)
    image = p["b->image"][0] * one
    image = image + p["b->image"][1] * conv("b->image.conv1-tanh.conv", b).tanh()
    found = net(z, None, edge_mixture(net.space, p))
    torch.testing.assert_close(found, image)
    sizes = [p["width"], p["wide"]]
    direction = torch.randn_like(image)
    one, other = (torch.autograd.grad(x, sizes, direction) for x in (found, image))
    torch.testing.assert_close(one, other)


def test_plans_hold_the_masks_of_what_counts() -> None:
    space = autorecon.loads(SMALL)
    plan = lower(space)
    check_plan(plan)
    assert "a = mask" not in str(plan)
    assert "a [6x4x4] = sum of p[width, 0] * a.0, p[width, 1] * a.1, p[width, 2] * a" in str(plan)
    few = lower(space, {"width": (1,), "wide": (1,)})
    assert "a [6x4x4] = sum of p[width, 1] * a.1" in str(few)
    assert "b [5x8x8] = sum of p[wide, 1] * b.whole" in str(few)


def test_only_what_sizes_decide_is_sliced() -> None:
    space = autorecon.loads(SMALL)
    found = space.genotype((0,) * len(space.decisions))
    state = autorecon.supernet(space, seed=0).state_dict()
    sized = autorecon.generator(found)
    assert sized.sliced == [
        "z->a.linear",
        "a.bn",
        "a->b.nearest-conv3.conv",
        "b->image.bn-sigmoid-conv3.bn",
        "b->image.bn-sigmoid-conv3.conv",
    ]
    wrong = state | {"z->a.linear.weight": state["z->a.linear.weight"][:20]}
    with pytest.raises(WeightsError, match=r"z->a.linear.weight \(20x4, needed 32x4\)"):
        autorecon.generator(found, weights_from=wrong)
    plain = autorecon.from_graph(found.graph)
    assert not autorecon.generator(plain).sliced
    with pytest.raises(WeightsError, match="of another shape"):
        autorecon.generator(plain, weights_from=state)
    assert list(autorecon.generator(plain).state_dict()) == list(sized.state_dict())


def test_a_search_learns_of_sizes() -> None:
    net = autorecon.supernet(autorecon.loads(LARGE), seed=0)
    z, y = net.example_inputs(2)
    net(z, y).square().sum().backward()
    for name in ("first", "last", "A.inner"):
        assert net.alpha[name].grad.abs().min() > 0
    assert set(net.genotype().program.chosen) == {d.name for d in net.space.decisions}
