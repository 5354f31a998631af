"""Spaces of graphs: text -> graph -> text is the same space, and a graph that is none says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import autorecon
from autorecon import Space, SpaceError, from_graph, loads
from autorecon.lang import Source, shipped_spaces
from autorecon.lang.fmt import format_source

GOOD = Path(__file__).parents[1] / "lang" / "good"
# One is a file without a header, and one has a rule that nothing keeps to.
FILES = [
    path
    for path in [*shipped_spaces().values(), *sorted(GOOD.glob("**/*.space"))]
    if path.name not in ("activation.space", "rules.space")
]


def assert_same(space: Space) -> None:
    """What a graph gives is the space again, and so is its text; a genotype's is a generator, in
    which sizes are numbers."""
    found = from_graph(space.graph)
    if space.program.of:
        assert found.is_genotype
        space = space.widest
    else:
        assert found == space
        assert found.fingerprint == space.fingerprint
        assert list(found.program.decisions) == list(space.program.decisions)
    assert [*found.nodes.values()] == [*space.nodes.values()]
    assert found.edges == space.edges
    again = loads(found.text)
    assert again == found
    assert format_source(Source(found.text)) == found.text == from_graph(again.graph).text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_files_are_the_same_by_way_of_a_graph(path: Path) -> None:
    assert_same(autorecon.load(path))


RULED = """
space ruled(width = 2, slope = 0.5, deep = false)
op act = relu
block cell {
  in  a [width, 4, 4]
  out b [width, 4, 4]
  rule at most one none
  link a -> b = conv(3) | act | none
}
input z [4]: noise
output image [3, 4, 4]
A = cell
link z -> A.a = linear
link A.b -> image = conv(1) | conv(1) >> tanh
rule at most one act
rule at most one relu in A
limit params <= 0.24k
limit macs >= 2.5e2
"""
# An instance that has no node of its own stands before a node whose `then` is an edge.
BETWEEN = """
space between
choice act = relu | tanh
block first {
  in a [4]
  out b, c [4]
  link a -> {b, c} = linear
}
block second {
  in x, y [4]
  link x -> y = identity | tanh
}
input z [4]: noise
output image [4] then act
A = first
node m [4] merge mean then act >> relu
B = second after A
node n [4] then act
C = second
link z -> {A.a, C.x} = linear
link {B.y, C.y} -> m = identity
link m -> n = linear
link n -> image = linear
"""
# `B.a->c` is the short name of another edge, and the edges stand in no order of their nodes.
APART = """
space apart
block cell {
  in a [4]
  out c [4]
  link a -> c = linear | tanh
}
input z [4]: noise
node c [4]
output image [4]
B = cell
link c -> image = identity | relu
link B.a -> c = relu
link B.c -> image = linear
link z -> B.a = linear
share choice B.a -> B.c, c -> image
"""


@pytest.mark.parametrize("text", [RULED, BETWEEN, APART])
def test_texts_are_the_same_by_way_of_a_graph(text: str) -> None:
    assert_same(loads(text))


CANDIDATES = ["conv(3)", "conv(3) >> norm", "up >> conv(1)", "bn >> relu", "identity", "none"]


@st.composite
def programs(draw: Any) -> str:
    """Cells one behind the other or each by itself, tied in all ways that there are."""
    edges = st.lists(st.sampled_from(CANDIDATES), min_size=1, unique=True).filter(
        lambda chosen: chosen != ["none"]
    )
    options = st.lists(st.sampled_from(["bn", "identity", "relu >> tanh"]), min_size=1, unique=True)
    then = st.sampled_from(["", " then norm", " then relu >> up", " merge product then bn"])
    cells = range(draw(st.integers(1, 3)))
    after = [i for i in cells if i and draw(st.booleans())]
    chosen = [" | ".join(draw(edges)) for _ in range(4)]
    lines = [
        "space drawn(width = 2)",
        f"choice norm = {' | '.join(draw(options))}",
        f"edge mix keeps = {chosen[0].replace('up', 'silu')}",
        "block cell {",
        f"choice up = {' | '.join(draw(options))}",
        "in a [width, 4, 4]",
        f"node m [width, 4, 4]{draw(then)}",
        f"out b [width, 4, 4]{draw(then)}",
        "mix a -> m",
        f"link m -> b = {chosen[1]}",
        f"{draw(st.sampled_from(['mix', 'link']))} a -> b = {chosen[2]}",
        "}",
        "input z [4]: noise",
        f"output image [3, 4, 4]{draw(st.sampled_from(['', ' then norm >> tanh']))}",
        *(f"C[{i}] = cell{f' after C[{i - 1}]' if i in after else ''}" for i in cells),
        *(f"link z -> C[{i}].a = linear" for i in cells if i not in after),
        *(f"link C[{i}].b -> image = conv(1) >> C[{i}].up | conv(3)" for i in cells),
    ]
    if shared := draw(st.sampled_from(["", "choice", "weights"])) if len(cells) > 1 else "":
        lines.append(f"share {shared} {', '.join(f'C[{i}]' for i in cells)}")
    return "\n".join(lines) + "\n"


@settings(max_examples=8, deadline=None)
@given(programs())
def test_drawn_spaces_are_the_same_by_way_of_a_graph(text: str) -> None:
    try:
        space = loads(text)
    except SpaceError:  # nothing to choose in what is shared, or all `none`
        assume(False)
    assert_same(space)
    first = tuple(0 for _ in space.decisions)
    if space.liveness.is_valid(first):
        assert_same(space.genotype(first))


def small(**said: Any) -> networkx.MultiDiGraph:
    """A graph as one writes it by hand."""
    graph = networkx.MultiDiGraph(name="mine", **said)
    graph.add_node("z", shape=(8,), role="noise")
    graph.add_node("a", shape=[3, 8, 8], then="bn >> relu")
    graph.add_node("image", shape=(3, 8, 8), role="output")
    graph.add_edge("z", "a", candidates=["linear >> tanh"])
    graph.add_edge("a", "image", "rgb", candidates=["conv(3)", "conv(5)"])
    return graph


def test_a_graph_written_by_hand() -> None:
    space = from_graph(small(parameters={"width": 4, "slope": 0.5, "deep": True}))
    assert space.text == (
        "space mine(width = 4, slope = 0.5, deep = true)\n\n"
        "input z [8]: noise\nnode a [3, 8, 8] then bn >> relu\noutput image [3, 8, 8]\n\n"
        "link z -> a = linear >> tanh\nlink a -> image = conv(3) | conv(5)\n"
    )
    assert space.parameters == {"width": 4, "slope": 0.5, "deep": True}
    assert_same(space)


def test_a_plain_digraph_without_a_name_will_do() -> None:
    graph = networkx.DiGraph(small())
    assert from_graph(graph).name == "mine"
    del graph.graph["name"]
    assert from_graph(graph).name == "graph"


def test_what_is_set_aside_makes_no_difference() -> None:
    graph = small()
    graph.nodes["a"].update(block=None, record=object())
    graph.edges["a", "image", "rgb"].update(contract=None, record=object())
    assert from_graph(graph) == from_graph(small())


def test_a_block_by_hand() -> None:
    """Ports are what aliases say, and a type is what its edges say."""
    graph = small()
    graph.remove_edge("z", "a")
    graph.add_node("B[2].p", shape=(3, 8, 8), block="B[2]")
    graph.add_node("B[1].x", shape=(3, 4, 4), block="B[1]")
    graph.add_node("B[1].y", shape=(3, 8, 8), block="B[1]", aliases=["B[2].q"])
    graph.add_edge("z", "B[1].x", candidates=["linear"])
    up = {"type": "up", "contract": "enlarges", "candidates": ["nearest", "bilinear"]}
    graph.add_edge("B[1].x", "B[1].y", block="B[1]", **up)
    graph.add_edge("B[1].y", "B[2].p", block="B[2]", candidates=["relu"])
    graph.add_edge("B[2].p", "a", candidates=["relu"])
    space = from_graph(graph)
    assert [*space.nodes] == ["z", "a", "image", "B[1].x", "B[1].y", "B[2].p"]
    assert [e.name for e in space.edges[:2]] == ["B[1].x->y", "B[2].q->p"]
    assert "B[2] = B_2 after B[1]" in space.text
    assert "edge up enlarges = nearest | bilinear" in space.text
    assert_same(space)


def changed(name: str, change: Callable[[networkx.MultiDiGraph], Any]) -> Space:
    graph = autorecon.load(name, width=4).graph
    found = from_graph(change(graph) or graph)
    assert_same(found)
    return found


def test_candidates_that_are_taken_away() -> None:
    key = ("B1.n2", "B1.n4", "B1.n2->n4")
    found = changed("paper", lambda g: g.edges[key].update(candidates=["conv(1)", "none"]))
    old = autorecon.load("paper", width=4)
    assert found.architectures == old.architectures // 7 * 2
    assert [edge.name for edge in found.edges] == [edge.name for edge in old.edges]


def test_a_node_and_edges_that_are_added() -> None:
    def change(graph: networkx.MultiDiGraph) -> None:
        graph.add_node("style", shape=(4,))
        graph.add_edge("z", "style", candidates=["linear"])
        graph.add_edge("style", "B2.n5", candidates=["linear", "none"])
        graph.add_edge("style", "B1.n1", candidates=["linear"], type="modulate", place=-1)

    found = changed("paper", change)
    assert list(found.nodes)[-1] == "style"
    added = [edge.name for edge in found.edges if "style" in edge.name]
    assert added == ["style->B1.n1", "z->style", "style->B2.n5"]


def test_a_shape_that_is_changed() -> None:
    def change(graph: networkx.MultiDiGraph) -> None:
        graph.nodes["B3.n5"]["shape"] = (8, 32, 32)
        for edge in [*graph.in_edges("B3.n5", keys=True)]:
            graph.edges[edge].update(type="link", contract=None, candidates=["nearest >> conv(1)"])

    assert changed("paper", change).nodes["B3.n5"].shape == (8, 32, 32)


def test_a_graph_without_some_of_its_nodes() -> None:
    def change(graph: networkx.MultiDiGraph) -> networkx.MultiDiGraph:
        left = graph.subgraph(name for name in graph if not name.startswith("B3.")).copy()
        left.add_edge("B2.n5", "image", candidates=["nearest >> conv(3)"])
        return left

    found = changed("paper", change)
    assert {node.block for node in found.nodes.values()} == {None, "B1", "B2"}
    assert "B3 = B3 after B2" in found.text  # of which nothing is left but the port


def test_names_that_are_changed() -> None:
    """Keys keep the old names, by which shares name edges."""
    graph = networkx.relabel_nodes(loads(APART).graph, {"c": "d", "image": "picture"})
    found = from_graph(graph)
    names = ["B.a->c", "d->picture", "B.a->d", "B.c->picture", "z->B.a"]
    assert [edge.name for edge in found.edges] == names
    assert list(found.program.decisions) == ["B.a->c"]
    assert_same(found)


def test_two_graphs_in_one() -> None:
    """Types of a graph that the other one does not declare are what their edges say."""
    other = networkx.MultiDiGraph(edge_types={"low": {"candidates": ["conv(1)"]}})
    other.add_node("a", shape=(3, 8, 8), then="bn >> relu")
    other.add_node("b", shape=(3, 8, 8))
    other.add_edge("a", "b", type="low")
    other.add_edge("b", "image", candidates=["relu"])
    first = small(edge_types={"rgb": {"contract": "keeps", "candidates": ["conv(3)"]}})
    first.edges["a", "image", "rgb"].update(type="rgb", contract="keeps")
    found = from_graph(networkx.compose(first, other))
    assert found.edges_by_type == {"link": 2, "rgb": 1, "low": 1}
    assert "edge rgb keeps = conv(3) | conv(5)" in found.text
    assert_same(found)
