"""Generators of a label alone, learned constants and frozen tables."""

from __future__ import annotations

import pytest
import torch

import autorecon
from autorecon import SpaceError
from autorecon.export import export
from autorecon.nn.net import InputMisfit

NAMED = """space named(classes = 3)
input y: label(classes)
input start [4, 2, 2]: param
node code [5]
node a [4, 2, 2]
output image [3, 4, 4]
link y -> code = embed(frozen=true)
link code -> a = linear | none
link start -> a = identity | none
link a -> image = nearest >> conv(3)
"""
STYLED = """space styled
input z [4]: noise
input start [4, 2, 2]: param
input idle [4, 2, 2]: param
node a [4, 2, 2] merge product then bn
output image [3, 4, 4]
link z -> a = linear
link start -> a = identity
link idle -> image = none
link a -> image = deconv(4)
"""
READ = """space read(classes = 3)
input y: label(classes)
input start [4, 2, 2]: param
node a [4, 2, 2]
output image [4, 2, 2]
link start -> a = conv(3) >> ccbn(y) | conv(1)
link y -> a = embed | none
link a -> image = identity
"""


def test_the_label_must_reach_the_output() -> None:
    space = autorecon.loads(NAMED)
    assert (space.architectures, space.valid_architectures) == (4, 2)
    assert space.counterexample == ("code -> a = none",)
    assert space.requiring("label") is space
    assert {g.edges[1].candidates[0].text for g in map(space.decode, (0, 1))} == {"linear"}


def test_an_operation_that_reads_the_label_is_enough() -> None:
    space = autorecon.loads(READ)
    assert (space.architectures, space.valid_architectures) == (4, 3)
    assert space.counterexample == ()
    # The cheapest: the constant, a convolution of one pixel and an embedding; or a norm.
    assert space.cost.parameters.min == 16 + min(4 * 4 * 9 + 4 + 24, 4 * 4 + 4 + 3 * 16)


def test_images_are_those_of_the_label_and_the_constant() -> None:
    net = autorecon.generator(autorecon.loads(NAMED).decode(0), seed=0)
    assert net.latent == 0
    z, y = net.example_inputs(5)
    assert z.shape == (5, 0)
    images = net(z, y)
    torch.testing.assert_close(net(None, y), images)
    table = net.state_dict()["y->code.embed_frozen.weight"]
    assert not {"y->code.embed_frozen.weight"} & dict(net.named_parameters()).keys()
    state = net.state_dict()
    code = table[y] @ state["code->a.linear.weight"].T + state["code->a.linear.bias"]
    low = code.view(5, 4, 2, 2) + state["start.param"]
    high = low.repeat_interleave(2, 2).repeat_interleave(2, 3)
    kernel, bias = (state[f"a->image.nearest-conv3.conv.{n}"] for n in ("weight", "bias"))
    expected = torch.nn.functional.conv2d(high, kernel, bias, padding=1)
    torch.testing.assert_close(images, expected)


def test_a_constant_is_learned_where_it_is_live() -> None:
    net = autorecon.generator(autorecon.loads(STYLED), seed=0)
    names = dict(net.named_parameters())
    assert "start.param" in names
    assert "idle.param" not in names
    assert sum(p.numel() for p in net.parameters()) == net.space.cost.parameters.max
    net(*net.example_inputs(2)).sum().backward()
    assert names["start.param"].grad is not None


def test_noise_is_still_asked_for_where_there_is_some() -> None:
    net = autorecon.generator(autorecon.loads(STYLED))
    with pytest.raises(InputMisfit, match=r"noise is \[N, 4\] here, not None"):
        net(None)


@pytest.mark.parametrize("ending", ["py", "pt2"])
@pytest.mark.parametrize("text", [NAMED, STYLED, READ])
def test_exported(text: str, ending: str, tmp_path) -> None:
    space = autorecon.loads(text)
    net = autorecon.supernet(space, seed=0).genotype()
    found = export(autorecon.generator(net, seed=0), tmp_path / f"small.{ending}")
    assert found.difference < 1e-5


def test_a_graph_says_the_same() -> None:
    for text in (NAMED, STYLED, READ):
        space = autorecon.loads(text)
        assert autorecon.from_graph(space.graph) == space


def test_nothing_to_make_images_of() -> None:
    text = "space s\ninput c [3, 2, 2]: param\noutput image [3, 2, 2]\nlink c -> image = identity\n"
    with pytest.raises(SpaceError, match="neither noise nor a label"):
        autorecon.loads(text)
