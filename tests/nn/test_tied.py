"""Nets of spaces whose edges are tied: one decision, and one module where weights are shared."""

from __future__ import annotations

import pytest
import torch

import autorecon
from autorecon.graph import Space, loads
from autorecon.nn import OneCandidate, edge_mixture

TEXT = """
space twice(width = 3)
choice norm = bn | identity
block cell {
  in  a [width, 4, 4]
  out b [width, 4, 4] then norm >> relu
  link a -> b = norm >> conv(3) | conv(1) | none
}
input z [4]: noise
output image [2, 4, 4]
A = cell
B = cell after A
C = cell after B
share weights A, B
link z -> A.a = linear
link B.b -> image = conv(1)
link C.b -> image = conv(1)
"""


@pytest.fixture
def space() -> Space:
    return loads(TEXT)


def test_there_is_a_parameter_a_decision(space: Space) -> None:
    net = autorecon.supernet(space, seed=0)
    assert {name: len(alpha) for name, alpha in net.alpha.items()} == {
        "norm": 2,
        "A.a->b": 3,
        "C.a->b": 3,
    }
    assert "alpha.A.a->b" in net.state_dict()


def test_shared_modules_are_there_once_under_the_first_name(space: Space) -> None:
    net = autorecon.supernet(space, seed=0)
    keys = [key for key in net.state_dict() if "conv" in key and "a->b" in key]
    assert {key.partition("->")[0] for key in keys} == {"A.a", "C.a"}
    net(*net.example_inputs(2)).square().sum().backward()
    both = net.get_parameter("A.a->b.conv1.weight").grad.clone()
    # The same with weights apart: the gradient of one is the sum over both.
    apart = autorecon.supernet(loads(TEXT.replace("share weights", "share choice")), seed=0)
    state = net.state_dict()
    for key, value in apart.state_dict().items():
        value.copy_(state[key.replace("B.a->b", "A.a->b")])
    apart(*_inputs(net)).square().sum().backward()
    net.zero_grad()
    net(*_inputs(net)).square().sum().backward()
    both = net.get_parameter("A.a->b.conv1.weight").grad
    parts = [apart.get_parameter(f"{name}.a->b.conv1.weight").grad for name in "AB"]
    assert torch.allclose(both, parts[0] + parts[1], atol=1e-6)


def _inputs(net: torch.nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    return net.example_inputs(3, torch.Generator().manual_seed(5))


@pytest.mark.parametrize("number", range(18))
def test_derived_generators_compute_what_the_one_hot_super_net_does(
    space: Space, number: int
) -> None:
    picks = space.codec.decode(number)
    if not space.liveness.is_valid(picks):
        return
    net = autorecon.supernet(space, seed=0).eval()
    ones = {
        d.name: OneCandidate(pick, torch.ones(()))
        for d, pick in zip(space.decisions, picks, strict=True)
    }
    generator = autorecon.generator(space.genotype(picks)).eval()
    state = net.state_dict()
    generator.load_state_dict({key: state[key] for key in generator.state_dict()})
    weights = space.genotype(picks).cost.parameters.max
    assert sum(p.numel() for p in generator.parameters()) == weights
    z, y = _inputs(net)
    with torch.no_grad():
        expected = net(z, y, edge_mixture(space, ones))
        assert torch.allclose(generator(z, y), expected, atol=1e-6)
        if 2 not in picks:  # where nothing is `none`, it is the mixture of zeros and ones too
            soft = {name: torch.eye(len(a))[ones[name].index] for name, a in net.alpha.items()}
            assert torch.allclose(net(z, y, edge_mixture(space, soft)), expected, atol=1e-6)


def test_a_genotype_of_the_most_probable_options_reads_back(space: Space) -> None:
    net = autorecon.supernet(space, seed=0)
    with torch.no_grad():
        net.alpha["norm"][1] = 3.0
        net.alpha["A.a->b"][2] = 3.0  # none: it would cut the image off, but for the repair
        net.alpha["C.a->b"][1] = 3.0
    found = net.genotype()
    assert found.program.chosen["norm"] == "identity"
    assert found.program.chosen["A.a->b"] != "none"
    assert space.genotype(space.picks(found)) == found


GROWING = """
space growing(width = 3)
block cell(side) {
  in   a [width, side, side]     then relu
  node m [width, 2*side, 2*side] then relu
  out  b [width, 2*side, 2*side] then relu
  link a -> m = nearest >> conv(3) | bilinear >> conv(3) | deconv(4)
  link m -> b = conv(3) >> instance_norm | bn >> conv(1)
}
input z [4]: noise
output image [2, 16, 16]
A = cell(4)
B = cell(8) after A
share weights A, B
link z -> A.a = linear
link B.b -> image = conv(1)
"""


@pytest.mark.parametrize("fuse", [False, True])
def test_weights_are_shared_at_different_resolutions(fuse: bool) -> None:
    net = autorecon.supernet(loads(GROWING), seed=0, fuse=fuse)
    apart = autorecon.supernet(loads(GROWING.replace("weights", "choice")), seed=1, fuse=False)
    shared = {key.replace("A.", "B.", 1): value for key, value in net.state_dict().items()}
    apart.load_state_dict({**shared, **net.state_dict()}, strict=False)
    inputs = _inputs(net)
    torch.testing.assert_close(net(*inputs), apart(*inputs), atol=1e-5, rtol=1e-5)
    assert not any(key.startswith(("B.a->", "B.m->")) for key in net.state_dict())
