"""The catalogue says what an operation makes and costs; its module must agree."""

from __future__ import annotations

import pytest
import torch

import autorecon
from autorecon.lang.catalogue import CATALOGUE
from autorecon.nn.builders import BUILDERS, merge

# One line an operation: source and target sizes, then what the edge computes.
EXAMPLES = {
    "conv": ("[4, 6, 6]", "[8, 6, 6]", "conv(3, dilation=2, groups=2)"),
    "sepconv": ("[4, 6, 6]", "[8, 6, 6]", "sepconv(5, dilation=2)"),
    "deconv": ("[4, 3, 3]", "[8, 9, 9]", "deconv(5, stride=3, bias=false)"),
    "pixel_shuffle": ("[8, 3, 3]", "[2, 6, 6]", "pixel_shuffle(2)"),
    "nearest": ("[4, 3, 3]", "[4, 6, 6]", "nearest"),
    "bilinear": ("[4, 3, 3]", "[4, 6, 6]", "bilinear(scale=2)"),
    "bicubic": ("[4, 3, 3]", "[4, 6, 6]", "bicubic"),
    "identity": ("[4, 3, 3]", "[4, 3, 3]", "identity"),
    "bn": ("[4, 3, 3]", "[4, 3, 3]", "bn(eps=0.8)"),
    "instance_norm": ("[4, 3, 3]", "[4, 3, 3]", "instance_norm"),
    "relu": ("[4, 3, 3]", "[4, 3, 3]", "relu"),
    "leaky_relu": ("[4, 3, 3]", "[4, 3, 3]", "leaky_relu(0.2)"),
    "tanh": ("[4, 3, 3]", "[4, 3, 3]", "tanh"),
    "sigmoid": ("[4, 3, 3]", "[4, 3, 3]", "sigmoid"),
    "linear": ("[7]", "[4, 3, 3]", "linear"),
}


def test_catalogue_and_builders_know_the_same_operations():
    assert set(BUILDERS) == set(CATALOGUE)
    assert set(EXAMPLES) == set(CATALOGUE) - {"none", "embed"}


def first_layer(sizes: str) -> str:
    return "identity" if sizes.count(",") == 0 else "linear"


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_module_has_the_shape_and_parameters_of_the_catalogue(name):
    source, target, op = EXAMPLES[name]
    text = f"""space one(classes = 3)
    input z [7]: noise
    node a {source}
    output image {target}
    link z -> a = {first_layer(source)}
    link a -> image = {op}
    """
    space = autorecon.loads(text)
    net = autorecon.generator(space, seed=0)
    images = net(*net.example_inputs(2))
    assert tuple(images.shape[1:]) == space.output.shape
    assert sum(p.numel() for p in net.parameters()) == space.cost.parameters.min


def test_embed_is_one_vector_a_class():
    space = autorecon.loads("""space one()
    input z [4]: noise
    input y: label(3)
    node code [4] merge product
    output image [4]
    link z -> code = identity
    link y -> code = embed
    link code -> image = identity
    """)
    net = autorecon.generator(space, seed=0)
    z, y = net.example_inputs(5)
    table = net.state_dict()["y->code.embed.weight"]
    assert torch.equal(net(z, y), z * table[y])


@pytest.mark.parametrize(("kind", "expected"), [("sum", 9.0), ("product", 24.0), ("mean", 3.0)])
def test_merges(kind, expected):
    parts = [torch.full((1, 2), value) for value in (2.0, 3.0, 4.0)]
    assert torch.equal(merge(kind, parts), torch.full((1, 2), expected))


def test_concat_keeps_the_order_of_edges():
    parts = [torch.zeros(1, 2), torch.ones(1, 1)]
    assert merge("concat", parts).tolist() == [[0.0, 0.0, 1.0]]
