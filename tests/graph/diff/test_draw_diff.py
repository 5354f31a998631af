from __future__ import annotations

import re

import pytest

from autorecon.graph import load, loads
from autorecon.graph.diff.diff import compare
from autorecon.graph.diff.draw_diff import COLOURS, FILLS, diff_source
from autorecon.graph.draw.render import render_dot

OLD = """space old(width = 8)
edge normal keeps = conv(3) | identity | none
input z [4]: noise
node a, b, c, d [width, 4, 4]
output image [3, 4, 4]
link z -> a = linear
normal a -> b
normal b -> c
normal a -> d
normal d -> c
link c -> image = conv(1)
"""
NEW = (
    OLD.replace("space old", "space new")
    .replace("a, b, c, d", "a, b, c, e")
    .replace("a -> d", "a -> e")
    .replace("d -> c", "e -> c")
    .replace("normal b -> c", "normal b -> c = conv(3) | conv(5)")
    .replace("link c -> image = conv(1)", "link c -> image = conv(5)")
)


def drawn(dot: str) -> dict[tuple[str, str], str]:
    found = re.findall(r"^\t+(\w+) -> (\w+) \[(.*?)\]$", dot, re.M | re.S)
    return {(source, target): attributes for source, target, attributes in found}


def nodes(dot: str) -> dict[str, str]:
    return dict(re.findall(r"^\t+(\w+) \[(label=<<.*?)\]$", dot, re.M | re.S))


@pytest.fixture(scope="module")
def dot() -> str:
    return diff_source(compare(loads(OLD), loads(NEW)))


def test_both_sides_are_drawn_once(dot):
    ends = {("z", "a"), ("a", "b"), ("b", "c"), ("c", "image")}
    ends |= {("a", "d"), ("d", "c"), ("a", "e"), ("e", "c")}
    assert set(drawn(dot)) == ends
    assert len(re.findall(" -> ", re.sub(r'"[^"]*"|<.*>', "", dot))) == len(ends)


def test_changes_have_a_colour_a_style_and_a_sign(dot):
    edges = drawn(dot)
    for ends, kind, style, sign in (
        (("a", "e"), "added", "solid", "+"),
        (("a", "d"), "removed", "dashed", "\u2212"),
    ):
        assert COLOURS[kind] in edges[ends]
        assert f"style={style}" in edges[ends]
        assert f'label=" {sign} conv3' in edges[ends]
    assert len(set(COLOURS.values())) == len(set(FILLS.values())) == 3
    assert COLOURS["changed"] in edges["c", "image"]
    assert 'label=" conv1 \u2192 conv5 "' in edges["c", "image"]
    assert "\u2212 identity" in edges["b", "c"]
    assert "+ conv5" in edges["b", "c"]
    assert not any(colour in edges["a", "b"] for colour in COLOURS.values())


def test_nodes_are_marked_alike(dot):
    found = nodes(dot)
    assert 'style="rounded,filled,dashed"' in found["d"]
    assert 'style="rounded,filled,solid"' in found["e"]
    assert "style" not in found["a"]


def test_title_and_legend(dot):
    assert "old \u2192 new" in dot
    legend = re.search(r"graph \[label=(<<TABLE.*?</TABLE>>)\]", dot)[1]
    text = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", legend))
    assert "+ added solid 1 node, 2 edges" in text
    assert "\u2212 removed dashed 1 node, 2 edges" in text
    assert "~ changed old \u2192 new 0 nodes, 2 edges" in text


def test_a_changed_node_tells_what_changed():
    new = OLD.replace("width = 8", "width = 16").replace("4, 4]\noutput", "4, 4] then relu\noutput")
    dot = diff_source(compare(loads(OLD), loads(new)))
    assert "shape: 8x4x4 \u2192 16x4x4" in dot
    assert "then: nothing \u2192 relu" in dot
    assert "width" in dot


@pytest.mark.parametrize("pair", [("paper", "gdfq-cifar"), ("paper-cifar10", "paper-cifar100")])
def test_it_can_be_laid_out(tmp_path, pair):
    old, new = map(load, pair)
    render_dot(diff_source(compare(old, new)), tmp_path / "diff.svg")
    assert f"{old.name} \u2192 {new.name}" in (tmp_path / "diff.svg").read_text("utf-8")
