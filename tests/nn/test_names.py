"""Everything that a super net holds has a name of its own, whatever users call things."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
import torch
from torch import nn

import autorecon
from autorecon.graph import Space, loads
from autorecon.graph.counting.cost import measures
from autorecon.lang.operations.spec import OWN
from autorecon.nn import OneCandidate, edge_mixture
from autorecon.nn.net import Branch, NameClash


@pytest.fixture(autouse=True)
def own_operations() -> Iterator[None]:
    """`conv3`, a kernel of 5, and `two(a, b)`, of 2 a + 1; where b > 5, with a bias."""

    def conv3(source, target):
        count = source[0] * target[0] * 25 + target[0]
        build = partial(nn.Conv2d, source[0], target[0], 5, padding=2)
        return autorecon.OpPlan((target[0], *source[1:]), build, count)

    def two(source, target, a: int, b: int):
        build = partial(nn.Conv2d, source[0], target[0], 2 * a + 1, padding=a, bias=b > 5)
        count = source[0] * target[0] * (2 * a + 1) ** 2 + (b > 5) * target[0]
        return autorecon.OpPlan((target[0], *source[1:]), build, count)

    two.__annotations__ = {"a": int, "b": int}
    autorecon.op(conv3)
    autorecon.op(two)
    yield
    OWN.clear()


def space(*lines: str, block: str = "") -> Space:
    return loads(
        "\n".join(
            [
                "space s",
                block,
                "input z [4]: noise",
                "node a [2, 4, 4]",
                "output image [2, 4, 4]",
                "link z -> a = linear",
                *lines,
                "",
            ]
        )
    )


SAME_NAME = """
block cell {
  in  a [2, 4, 4]
  node image, c [2, 4, 4]
  out b [2, 4, 4]
  link a -> {image, c} = conv(1) | conv(3)
  link {image, c} -> b = conv(3)
}
"""
OF_BLOCK = ["B = cell", "C = cell", "link a -> {B.a, C.a} = conv(1)", "link B.b -> C.c = identity"]

SPACES = {
    "two arguments": lambda: space("link a -> image = two(1, 12) | two(11, 2)"),
    "a digit": lambda: space(
        "link a -> image = conv(3) | conv3 | conv3 >> conv(3) | conv(3) >> conv3"
    ),
    "near": lambda: space(
        "link a -> image = leaky_relu(0.2) >> conv(3) | leaky_relu(0.2000000001) >> conv(3)"
    ),
    "a node in a block and out of it": lambda: space(
        *OF_BLOCK,
        "link B.a -> image = conv(1) | conv(5)",
        "link {B.b, C.b} -> image = identity",
        block=SAME_NAME,
    ),
    "a node of a block and an instance": lambda: space(
        *(line.replace("C", "c") for line in OF_BLOCK),
        "link B.a -> c.conv1 = conv(1) | conv(5)",
        "link {B.b, c.b} -> image = identity",
        block=SAME_NAME.replace("image", "conv1"),
    ),
    "torch's words": lambda: space(
        "node training, latent [2, 4, 4] then bn >> forward",
        "choice forward = relu | tanh",
        "choice _modules = conv(1) | conv(3)",
        "link a -> {training, latent} = _modules",
        "link {training, latent} -> image = identity",
    ),
}


@pytest.mark.parametrize("make", SPACES.values(), ids=SPACES)
def test_no_weights_are_lost(make: Callable[[], Space]) -> None:
    """There are as many as all candidates cost together."""
    found = make()
    net = autorecon.supernet(found, seed=0)
    net.train()
    net.eval()
    costs, *_ = measures(found.program)
    expected = sum(costs.nodes.values()) + sum(map(sum, costs.edges.values()))
    assert sum(p.numel() for p in net.weight_parameters()) == expected
    assert {name: len(alpha) for name, alpha in net.alpha.items()} == {
        d.name: len(d.options) for d in found.decisions
    }
    assert set(net.state_dict()) > {f"alpha.{d.name}" for d in found.decisions}


@pytest.mark.parametrize("make", SPACES.values(), ids=SPACES)
def test_each_architecture_takes_over_its_own(make: Callable[[], Space]) -> None:
    found = make()
    net = autorecon.supernet(found, seed=0).eval()
    inputs = net.example_inputs(2, torch.Generator().manual_seed(5))
    for number in range(found.architectures):
        picks = found.codec.decode(number)
        chosen = {
            d.name: OneCandidate(pick, torch.ones(()))
            for d, pick in zip(found.decisions, picks, strict=True)
        }
        derived = autorecon.generator(found.genotype(picks), weights_from=net).eval()
        with torch.no_grad():
            expected = net(*inputs, edge_mixture(found, chosen))
            torch.testing.assert_close(derived(*inputs), expected)


def test_nothing_takes_the_place_of_another() -> None:
    """The checker keeps names apart; were it wrong, no weights would be lost in silence."""
    place = Branch()
    place.put("bn", nn.Identity())
    place.put_parameter("c", nn.Parameter(torch.zeros(1)))
    for again in (
        lambda: place.put("bn", nn.Identity()),
        lambda: place.put_parameter("c", nn.Parameter(torch.zeros(1))),
        lambda: place.branch("bn.deeper"),
    ):
        with pytest.raises(NameClash, match="at one place"):
            again()
