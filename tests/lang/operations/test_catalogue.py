"""Each operation's cost and shape, against figures worked out by hand."""

from __future__ import annotations

import copy

import pytest

from autorecon.lang import Label, Pipeline, Source, check
from autorecon.lang.operations.catalogue import CATALOGUE
from autorecon.lang.operations.foreign_names import NAMES, familiar

SHIPPED = set(CATALOGUE)  # users may add to it
VECTOR, IMAGE = "[5]", "[6, 4, 8]"
# Written, source, target: parameters, multiply-accumulates (bias and norms have none).
COSTS = [
    ("conv(3)", "[4, 4, 8]", IMAGE, 4 * 6 * 9 + 6, 4 * 6 * 9 * 32),
    ("conv(1, bias=false)", "[4, 4, 8]", IMAGE, 4 * 6, 4 * 6 * 32),
    ("conv(5, dilation=2)", "[4, 4, 8]", IMAGE, 4 * 6 * 25 + 6, 4 * 6 * 25 * 32),
    ("conv(3, groups=2)", "[4, 4, 8]", IMAGE, 2 * 6 * 9 + 6, 2 * 6 * 9 * 32),
    ("conv(4, stride=2)", "[4, 8, 16]", IMAGE, 4 * 6 * 16 + 6, 4 * 6 * 16 * 32),
    ("sepconv(3, stride=3)", "[4, 12, 24]", IMAGE, 4 * 9 + 4 * 6 + 6, (4 * 9 + 4 * 6) * 32),
    ("deconv(3, groups=2)", "[4, 2, 4]", IMAGE, 2 * 6 * 9 + 6, 2 * 6 * 9 * 8),
    ("factorized_reduce", "[4, 8, 16]", IMAGE, 4 * 6, 4 * 6 * 32),
    ("sepconv(3)", "[4, 4, 8]", IMAGE, 4 * 9 + 4 * 6 + 6, (4 * 9 + 4 * 6) * 32),
    ("deconv(4)", "[4, 2, 4]", IMAGE, 4 * 6 * 16 + 6, 4 * 6 * 16 * 8),
    ("deconv(4, stride=4, bias=false)", "[4, 1, 2]", IMAGE, 4 * 6 * 16, 4 * 6 * 16 * 2),
    ("pixel_shuffle(2)", "[24, 2, 4]", IMAGE, 0, 0),
    ("nearest", "[6, 2, 4]", IMAGE, 0, 0),
    ("bilinear(scale=4)", "[6, 1, 2]", IMAGE, 0, 0),
    ("bicubic", "[6, 1, 2]", IMAGE, 0, 0),
    ("avg_pool(3) >> max_pool(2, stride=2) >> nearest", IMAGE, IMAGE, 0, 0),
    ("global_pool >> linear", IMAGE, VECTOR, 6 * 5 + 5, 30),
    ("identity", IMAGE, IMAGE, 0, 0),
    ("scale(0.1) >> mask(2) >> gain", IMAGE, IMAGE, 1, 0),
    ("gain(0.0, each=true) >> pixel_norm", IMAGE, IMAGE, 6, 0),
    ("reshape >> relu", "[192]", IMAGE, 0, 0),
    ("expand", "[1, 4, 8]", IMAGE, 0, 0),
    ("expand", "[6]", IMAGE, 0, 0),
    ("none", VECTOR, IMAGE, 0, 0),
    ("bn", IMAGE, IMAGE, 12, 0),
    ("bn(affine=false)", IMAGE, IMAGE, 0, 0),
    ("bn", VECTOR, VECTOR, 10, 0),
    ("instance_norm", IMAGE, IMAGE, 12, 0),
    ("layer_norm", IMAGE, IMAGE, 12, 0),
    ("group_norm(3)", IMAGE, IMAGE, 12, 0),
    ("group_norm(1, affine=false)", VECTOR, VECTOR, 0, 0),
    ("ccbn(y)", IMAGE, IMAGE, 2 * 6 * 10, 0),
    ("ccbn(y, eps=0.8)", VECTOR, VECTOR, 2 * 5 * 10, 0),
    ("attention", "[8, 4, 8]", "[8, 4, 8]", 81, 32 * (2 * 8 + 2 * 32) + 32 * 32 * (1 + 4)),
    (
        "attention(heads=2, pool=2, bias=true, full=true)",
        "[16, 4, 8]",
        "[16, 4, 8]",
        2 * (16 * 2 + 2) + 16 * 16 + 16 + 1,
        32 * (2 * 32 + 256) + 32 * 8 * (2 + 16),
    ),
    ("conv(3, equal=true)", "[4, 4, 8]", IMAGE, 4 * 6 * 9 + 6, 4 * 6 * 9 * 32),
    ("prelu", IMAGE, IMAGE, 6, 0),
    ("elu(0.5) >> selu", IMAGE, IMAGE, 0, 0),
    ("conv(3, spectral=true)", "[4, 4, 8]", IMAGE, 4 * 6 * 9 + 6, 4 * 6 * 9 * 32),
    ("relu >> leaky_relu(0.2) >> silu >> gelu >> tanh >> sigmoid", IMAGE, IMAGE, 0, 0),
    ("linear", VECTOR, IMAGE, 5 * 192 + 192, 5 * 192),
    ("linear(out=7, bias=false)", VECTOR, "[7]", 35, 35),
    ("linear", IMAGE, VECTOR, 192 * 5 + 5, 192 * 5),
    ("nearest >> conv(3)", "[4, 2, 4]", IMAGE, 4 * 6 * 9 + 6, 4 * 6 * 9 * 32),
    ("conv(1, out=9) >> conv(3)", "[4, 4, 8]", IMAGE, 45 + 9 * 54 + 6, (36 + 9 * 54) * 32),
    ("conv(1, out=24) >> pixel_shuffle", "[4, 2, 4]", IMAGE, 4 * 24 + 24, 4 * 24 * 8),
]


def candidate(written: str, source: str, target: str) -> Pipeline:
    """A candidate of an edge between nodes of these shapes, as the checker resolves it."""
    text = (
        f"space t\ninput z [5]: noise\ninput y: label(10)\n"
        f"node a {source}\nnode b {target}\noutput image {target}\n"
        f"link z -> a = linear\nlink a -> b = {written}\nlink z -> image = linear\n"
        f"link b -> image = identity\nlink y -> image = embed\n"
    )
    return check(Source(text)).edges[1].candidates[0]


@pytest.mark.parametrize(("written", "source", "target", "parameters", "macs"), COSTS)
def test_cost(written: str, source: str, target: str, parameters: int, macs: int) -> None:
    found = candidate(written, source, target)
    assert (found.parameters, found.macs) == (parameters, macs)


def test_an_embedding_costs_a_vector_a_class() -> None:
    text = "space t\ninput z [5]: noise\ninput y: label(10)\nnode a [5]\noutput image [3]\n"
    program = check(
        Source(text + "link z -> a = identity\nlink y -> a = embed\nlink a -> image = linear\n")
    )
    found = program.edges[1].candidates[0]
    assert (found.parameters, found.macs) == (50, 0)
    frozen = check(Source(program.source.text.replace("embed", "embed(frozen=true)")))
    assert frozen.edges[1].candidates[0].parameters == 0


def test_every_operation_has_a_figure_here() -> None:
    named = {word for written, *_ in COSTS for word in written.replace("(", " ").split()}
    assert SHIPPED - named <= {"embed"}


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("conv(kernel=3, dilation=1)", "conv(3)"),
        ("conv(3, 2)", "conv(3, dilation=2)"),
        ("conv(5, groups=2, bias=false)", "conv(5, groups=2, bias=false)"),
        ("leaky_relu(0.01)", "leaky_relu"),
        ("bn(eps=8e-1) >> relu", "bn(eps=0.8) >> relu"),
    ],
)
def test_text_leaves_out_what_is_usual(written: str, text: str) -> None:
    pipeline = candidate(written, IMAGE, IMAGE)
    assert pipeline.text == text
    assert candidate(pipeline.text, IMAGE, IMAGE) == pipeline


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("BatchNorm2d", "bn"),
        ("conv_3x3", "conv"),
        ("Conv2d", "conv"),
        ("dil_conv", "conv"),
        ("sep_conv_5x5", "sepconv"),
        ("ConvTranspose2d", "deconv"),
        ("skip_connect", "identity"),
        ("Linear", "linear"),
        ("PixelShuffle", "pixel_shuffle"),
        ("nearset", None),
        ("dropout", None),
    ],
)
def test_other_names_of_operations_are_known(name: str, operation: str | None) -> None:
    assert familiar(name) == operation


def test_other_names_lead_to_operations() -> None:
    assert set(NAMES) <= SHIPPED


def test_copies_of_a_label_have_its_classes():
    assert copy.deepcopy(Label(3)).classes == 3
    assert copy.copy(Label(3)) == Label(3)
