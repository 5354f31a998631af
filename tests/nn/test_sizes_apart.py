"""Sizes whose weights are apart, and resolutions: a module for each, and the derived one's."""

from __future__ import annotations

from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

import autorecon
from autorecon import Space
from autorecon.lowering import check_plan, lower, optimise
from autorecon.nn import OneCandidate, SuperNet, edge_mixture, take_over

HEAD = """
space one(s = 4)
input z [4]: noise
output image [1, 8, 8]
"""
SMALL = """
choice width apart = 2 | 4 | 6
choice wide apart = 3 | 5
node a [width, 4, 4] then bn >> relu
node b [wide, 8, 8] then layer_norm
link z -> a = linear
link a -> b = nearest >> conv(3) | deconv(4)
link b -> image = bn >> sigmoid >> conv(3) | conv(1) >> tanh
"""
# Parts of concatenations, of a product and of merges with modules; slices beside them.
MERGES = """
choice w apart = 2 | 4 | 6
choice v = 3 | 5
choice norm = bn | identity
node style [v] then relu
node a [w, 4, 4] then bn >> relu
node b [w, 4, 4] merge film then norm >> relu
node c [3*w, 4, 4] merge concat then bn
node m [2*w, 8, 8] merge modconv(3) then leaky_relu(0.2)
node p [v, 8, 8] merge product then bn
node q [6, 8, 8] merge concat
link z -> {style, a} = linear
link a -> b = conv(3) | identity
link style -> b = linear
link a -> c = identity | conv(3)
link b -> c = conv(1, out=2*w)
link c -> m = nearest
link style -> m = linear | linear(3) >> relu >> linear
link m -> p = conv(1) | conv(3) >> tanh
link b -> p = nearest >> conv(1)
link m -> q = conv(1, out=4) | conv(3, out=4)
link p -> q = conv(1, out=2)
link q -> image = conv(3)
rule if w = 6 then m -> q = conv(1, out=4)
"""
# In blocks that share weights, with what has no slices.
BLOCKS = """
choice w apart = 4 | 8
block cell(n) {
  choice inner apart = 8 | 16
  in   a [n, s, s]     then layer_norm >> relu
  node b [inner, s, s] then group_norm(2) >> silu
  out  c [n, s, s]     merge mean then pixel_norm >> relu
  link a -> b = conv(3, groups=4) | sepconv(3) | conv(3, spectral=true)
  link b -> c = conv(3, equal=true) | attention >> conv(1)
  link a -> c = identity | none | conv(3, groups=2)
}
A = cell(w)
B = cell(w) after A
share weights A, B
link z -> A.a = linear
link B.c -> image = nearest >> conv(3)
"""
# Resolutions, with the same weights in each and apart; from slices and to what is apart.
RESOLUTIONS = """
choice side = 4 | 8
choice width = 2 | 6
choice deep apart = 4 | 8
node a [width, 4, 4]        then bn >> relu
node b [5, side, side]      then bn >> relu
node c [deep, deep, deep]   then layer_norm >> relu
node d [3, 8, 8]            merge mean then bn
link z -> a = linear
link a -> b = nearest >> bn >> sigmoid >> conv(3) | conv(1) >> bilinear
link b -> c = nearest >> conv(3)
link {b, c} -> d = nearest >> conv(1) | none
link a -> d = nearest >> conv(3)
link d -> image = conv(3)
"""
# With an index, and as arguments.
LOOP = """
op grow(k, m) = conv(k, out=m) >> bn >> relu
for i in 1..3 {
  choice width[i] apart = 2*i | 8
  choice kernel[i] apart = 1 | 3
  node h[i] [2*width[i], 4, 4] then conv(kernel[i]) >> relu
}
link z -> h[1] = linear(width[2] + 1) >> relu >> linear
for i in 2..3 {
  link h[i-1] -> h[i] = grow(kernel[i], width[i]^2) >> conv(1) | conv(1)
}
link h[3] -> image = nearest >> conv(kernel[3])
rule if width[3] = 8 then width[1] != 8
"""
TEXTS = {"small": SMALL, "merges": MERGES, "blocks": BLOCKS, "maps": RESOLUTIONS, "loop": LOOP}


def settled(space: Space, fuse: bool) -> SuperNet:
    """With weights and running statistics in which nothing is special."""
    net = autorecon.supernet(space, seed=0, fuse=fuse).double()
    for parameter in net.weight_parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    z, y = net.example_inputs(5, torch.Generator().manual_seed(0))
    for _ in range(2):
        net(z.double(), y)
    return net


def some_picks(space: Space, random: Random, count: int) -> list[tuple[int, ...]]:
    picks = {space.codec.decode(random.randrange(space.architectures)) for _ in range(4 * count)}
    kept = [p for p in sorted(picks) if space.liveness.is_valid(p)]
    obeyed = [p for p in kept if not space.restrictions or space.restrictions.obeyed(p)]
    return obeyed[:count]


@torch.no_grad()
def compare(space: Space, net: SuperNet, picks: tuple[int, ...]) -> None:
    """A hard sample is the derived generator: images in both modes, statistics, and costs."""
    genotype = space.genotype(picks)
    generator = autorecon.generator(genotype, fuse=net.fuse).double()
    take_over(generator, net, generator.sliced, generator.apart)
    own = sum(p.numel() for p in generator.parameters())
    assert own == genotype.cost.parameters.max
    one = torch.ones((), dtype=torch.float64)
    pairs = zip(space.decisions, picks, strict=True)
    mixture = edge_mixture(space, {d.name: OneCandidate(p, one) for d, p in pairs})
    z = net.example_inputs(4, torch.Generator().manual_seed(1))[0].double()
    state = {name: t.clone() for name, t in net.state_dict().items()}
    for train in (False, True):
        found, wanted = net.train(train)(z, None, mixture), generator.train(train)(z)
        torch.testing.assert_close(found, wanted, atol=1e-10, rtol=1e-10)
    again = autorecon.generator(genotype, fuse=net.fuse).double()
    take_over(again, net, generator.sliced, generator.apart)
    torch.testing.assert_close(again.state_dict(), generator.state_dict())
    net.load_state_dict(state)


@pytest.mark.parametrize("fuse", [False, True])
@pytest.mark.parametrize("name", TEXTS)
def test_a_sample_is_the_generator_of_its_sizes(name: str, fuse: bool) -> None:
    space = autorecon.loads(HEAD + TEXTS[name])
    assert autorecon.from_graph(space.graph) == space
    check_plan(lower(space))
    check_plan(optimise(lower(space)))
    net = settled(space, fuse)
    picks = some_picks(space, Random(1), 5)
    assert picks
    for some in picks:
        compare(space, net, some)


def test_each_size_has_modules_of_its_own() -> None:
    space = autorecon.loads(HEAD + SMALL)
    names = autorecon.supernet(space, seed=0).state_dict()
    shapes = {name: tuple(t.shape) for name, t in names.items() if name.endswith("weight")}
    convs = {n: s for n, s in shapes.items() if "deconv4" in n}
    assert convs == {
        f"a@{a}->b@{b}.deconv4.weight": (a, b, 4, 4) for a in (2, 4, 6) for b in (3, 5)
    }
    assert shapes["a@4.bn.weight"] == (4,)
    found = space.genotype((1, 1, 1, 0))
    generator = autorecon.generator(found, weights_from=autorecon.supernet(space, seed=0))
    assert generator.apart["a->b.deconv4"] == "a@4->b@5.deconv4"
    assert torch.equal(
        generator.state_dict()["a->b.deconv4.weight"], names["a@4->b@5.deconv4.weight"]
    )
    heir = autorecon.generator(found, weights_from=generator.state_dict())
    torch.testing.assert_close(heir.state_dict(), generator.state_dict(), rtol=0, atol=0)
    plain = autorecon.generator(autorecon.from_graph(found.graph))
    assert list(plain.state_dict()) == list(generator.state_dict())
    assert not plain.apart


def test_resolutions_have_the_same_weights() -> None:
    text = HEAD + RESOLUTIONS
    names = autorecon.supernet(autorecon.loads(text), seed=0).state_dict()
    assert "b.bn.weight" in names
    assert "b->c@8.nearest-conv3.conv.weight" in names
    assert not [name for name in names if "b@" in name]
    apart = autorecon.loads(text.replace("choice side", "choice side apart"))
    names = autorecon.supernet(apart, seed=0).state_dict()
    assert {"b@4.bn.weight", "b@8.bn.weight"} <= names.keys()
    assert "b@4->c@8.nearest-conv3.conv.weight" in names


@pytest.mark.parametrize("fuse", [False, True])
def test_a_soft_mixture_weighs_what_leaves_a_size(fuse: bool) -> None:
    text = HEAD + SMALL.replace(" then layer_norm", "").replace(" | deconv(4)", "")
    net = settled(autorecon.loads(text.replace("conv(3) | conv(1) >> tanh", "conv(3)")), fuse)
    z = net.example_inputs(3)[0].double()
    p = {
        "width": torch.tensor([0.5, 0.2, 0.3], dtype=torch.float64, requires_grad=True),
        "wide": torch.tensor([0.9, 0.1], dtype=torch.float64, requires_grad=True),
    }
    state = dict(net.named_parameters())

    def layer(name: str) -> tuple[torch.Tensor, torch.Tensor]:
        return state[f"{name}.weight"], state[f"{name}.bias"]

    image = torch.zeros(3, 1, 8, 8, dtype=torch.float64)
    for j, wide in enumerate((3, 5)):
        b = torch.zeros(3, wide, 8, 8, dtype=torch.float64)
        for i, width in enumerate((2, 4, 6)):
            a = F.linear(z, *layer(f"z->a@{width}.linear")).view(3, width, 4, 4)
            a = F.batch_norm(a, None, None, *layer(f"a@{width}.bn"), True).relu()
            up = F.interpolate(a, scale_factor=2)
            name = f"a@{width}->b@{wide}.nearest-conv3.conv"
            b = b + p["width"][i] * F.conv2d(up, *layer(name), padding=1)
        name = f"b@{wide}->image.bn-sigmoid-conv3"
        inner = F.batch_norm(b, None, None, *layer(f"{name}.bn"), True).sigmoid()
        image = image + p["wide"][j] * F.conv2d(inner, *layer(f"{name}.conv"), padding=1)
    found = net(z, None, edge_mixture(net.space, p))
    torch.testing.assert_close(found, image)
    direction = torch.randn_like(image)
    sizes = [p["width"], p["wide"]]
    one, other = (torch.autograd.grad(x, sizes, direction) for x in (found, image))
    torch.testing.assert_close(one, other)


def test_a_search_learns_of_sizes_and_derives() -> None:
    for text in (MERGES, RESOLUTIONS):
        net = autorecon.supernet(autorecon.loads(HEAD + text), seed=0)
        net(*net.example_inputs(2)).square().sum().backward()
        for decision in net.space.decisions:
            assert net.alpha[decision.name].grad.abs().sum() > 0
        assert set(net.genotype().program.chosen) == {d.name for d in net.space.decisions}


KINDS = st.sampled_from(["conv(3)", "conv(1) >> bn >> relu", "sepconv(3)", "bn >> conv(1)"])


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.lists(st.integers(1, 6), min_size=2, max_size=3, unique=True)),
        min_size=1,
        max_size=2,
    ),
    st.lists(st.tuples(st.integers(0, 1), st.integers(1, 2), KINDS, KINDS), min_size=2, max_size=3),
    st.sampled_from(["sum", "mean", "product"]),
    st.integers(0, 1000),
)
def test_chains_of_any_sizes(choices, nodes, merge, seed):  # type: ignore[no-untyped-def]
    lines = [
        f"choice w{i}{' apart' * apart} = {' | '.join(map(str, options))}"
        for i, (apart, options) in enumerate(choices)
    ]
    before = "z"
    for n, (choice, times, first, second) in enumerate(nodes):
        lines.append(f"node h{n} [{times}*w{choice % len(choices)}, 4, 4] merge {merge} then bn")
        lines.append(
            f"link {before} -> h{n} = {'linear' if n == 0 else f'{first} | {second} >> tanh'}"
        )
        if n == 2:
            lines.append(f"link h0 -> h2 = {second} | none")
        before = f"h{n}"
    lines.append(f"link {before} -> image = nearest >> conv(3)")
    space = autorecon.loads(HEAD + "\n".join(lines))
    net = settled(space, fuse=bool(seed % 2))
    for picks in some_picks(space, Random(seed), 2):
        compare(space, net, picks)
