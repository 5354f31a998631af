from __future__ import annotations

from pathlib import Path

import pytest

from autorecon.graph import load, loads
from autorecon.graph.draw.labels import (
    count_text,
    edge_types,
    exact_text,
    font,
    shape_text,
    short_name,
    short_names,
    size_text,
)
from autorecon.lang import Label

SPACES = Path(__file__).parents[3] / "spaces"

SMALL = """
space small()
edge last keeps = conv(3) | none
edge first keeps = {candidates}
input z [4]: noise
node a, b, c [8, 4, 4]
output image [3, 4, 4]
link z -> a = linear
first a -> b
first a -> c = conv(1)
last b -> c
link c -> image = conv(3)
"""


def small(candidates: str = "conv(1) | conv(3) | none"):
    return loads(SMALL.format(candidates=candidates))


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("conv(3)", "conv3"),
        ("conv(5, dilation=2)", "conv5 d2"),
        ("conv(5, dilation=2, groups=4)", "conv5 d2 g4"),
        ("conv(3, bias=false)", "conv3"),
        ("identity", "identity"),
        ("bn(eps=0.8) >> leaky_relu(0.2) >> conv(1)", "bn >> leaky_relu >> conv1"),
    ],
)
def test_short_names_keep_what_tells_candidates_apart(text, short):
    (edge,) = [e for e in small(text).edges if (e.source, e.target) == ("a", "b")]
    assert short_name(edge.candidates[0]) == short


def test_candidates_with_one_short_name_are_written_in_full():
    space = small("conv(3) | conv(3, bias=false)")
    (edge,) = [e for e in space.edges if (e.source, e.target) == ("a", "b")]
    assert short_names(edge.candidates) == ["conv(3)", "conv(3, bias=false)"]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "1"),
        (999_999, "999,999"),
        (1_000_000, "1.0 \u00d7 10⁶"),
        (9_949_999, "9.9 \u00d7 10⁶"),
        (9_960_000, "1.0 \u00d7 10⁷"),
        (161_475_125_529_959_543_232, "1.6 \u00d7 10²⁰"),
    ],
)
def test_counts(count, text):
    assert count_text(count) == text


def test_exact_counts_stop_where_nobody_reads_them():
    assert exact_text(161_475_125_529_959_543_232) == "161,475,125,529,959,543,232"
    assert exact_text(10**200_000) == count_text(10**200_000) == "1.0 \u00d7 10²⁰⁰⁰⁰⁰"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0"),
        (532, "532"),
        (999_400, "999 k"),
        (999_600, "1 M"),
        (1_061_139, "1.06 M"),
        (5_680_000_000, "5.68 G"),
    ],
)
def test_sizes(size, text):
    assert size_text(size) == text


def test_shapes():
    assert shape_text((64, 8, 16)) == "64 \u00d7 8 \u00d7 16"
    assert shape_text((100,)) == "100"
    assert shape_text(Label(10)) == "10 classes"


def test_types_come_in_order_of_declaration_and_link_last():
    types = edge_types(load(SPACES / "paper.space").program)
    assert list(types) == ["normal", "up", "cross", "link"]
    assert [c.text for c in types["cross"]] == ["nearest", "bilinear", "none"]


def test_a_type_has_its_own_candidates_though_an_edge_is_narrowed():
    types = edge_types(small().program)
    assert list(types) == ["last", "first", "link"]
    assert [c.text for c in types["first"]] == ["conv(1)", "conv(3)", "none"]


def test_text_is_escaped():
    assert font('a<b>&"c"') == "<FONT>a&lt;b&gt;&amp;&quot;c&quot;</FONT>"
