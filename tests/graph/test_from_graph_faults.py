"""A graph that is no space: what is wrong, where, and nothing that it says reaches a text."""

from __future__ import annotations

from itertools import count
from typing import Any

import networkx
import pytest

import autorecon
from autorecon import SpaceError, from_graph, loads
from autorecon.lang.diagnostics.faults import concise
from autorecon.lang.diagnostics.formats import full

SPACE = loads("""
space mine
input z [8]: noise
node a [3, 8, 8] then bn >> relu
output image [3, 8, 8]
link z -> a = linear >> tanh
link a -> image = conv(3) | conv(5)
""")


def small(**said: Any) -> networkx.MultiDiGraph:
    graph = SPACE.graph.copy()
    graph.graph.update(said)
    return graph


def faults_of(graph: Any) -> list[str]:
    with pytest.raises(SpaceError) as error:
        from_graph(graph)
    assert all(full(d) for d in error.value.diagnostics)
    return [concise(d) for d in error.value.diagnostics]


def on_node(**given: Any) -> networkx.MultiDiGraph:
    graph = small()
    graph.nodes["a"].update(given)
    return graph


def on_edge(**given: Any) -> networkx.MultiDiGraph:
    graph = small()
    graph.edges["a", "image", "a->image"].update(given)
    return graph


def with_node(name: Any, **given: Any) -> networkx.MultiDiGraph:
    graph = small()
    graph.add_node(name, **given)
    graph.add_edge("z", name, candidates=["linear"])
    graph.add_edge(name, "image", candidates=["conv(1)"])
    return graph


class Silent:
    """A value that cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError


BAD: dict[str, tuple[Any, str]] = {
    "a text": ("graph", "E1001 `from_graph` takes a directed graph of networkx, not 'graph'"),
    "no directed graph": (networkx.Graph(), "E1001 `from_graph` takes"),
    "an empty graph": (networkx.MultiDiGraph(), "the graph: E0502 the space has no output"),
    "too many nodes": (networkx.empty_graph(50_001, networkx.DiGraph()), "E0305 the graph has"),
    "a misspelt attribute": (on_node(shpae=(8,)), "node a: E1001 unknown attribute `shpae` (did"),
    "an attribute that is no text": (on_edge(candidate=[]), "edge a->image: E1001 unknown attr"),
    "an attribute of the graph": (small(rule=[]), "the graph: E1001 unknown attribute `rule`"),
    "a name that is none": (with_node("a b", shape=(3, 8, 8)), "node 'a b': E1002 'a b' is no na"),
    "a word of the language": (with_node("node", shape=(3, 8, 8)), "node 'node': E1002"),
    "a name with a bad index": (with_node("h[01]", shape=(3, 8, 8)), "node 'h[01]': E1002"),
    "a number as a name": (with_node(3, shape=(3, 8, 8)), "node 3: E1002 3 is no name of a node"),
    "no shape": (with_node("b"), "node b: E1001 `b` has no `shape`"),
    "a shape that is a text": (on_node(shape="8"), "node a: E1001 `shape` is a tuple of whole"),
    "a shape of truth": (on_node(shape=(True,)), "node a: E1001 `shape` is"),
    "an endless shape": (on_node(shape=count()), "node a: E1001 `shape` is"),
    "a huge shape": (on_node(shape=(10**5_000,)), "node a: E1001 `shape` is"),
    "a shape of two": (on_node(shape=(3, 8)), "node a: E0301 1 or 3 sizes make a shape, not 2"),
    "a shape of nothing": (on_node(shape=(0,)), "node a: E0303 a size of a node must be 1 to"),
    "an unknown role": (on_node(role="nois"), "node a: E1001 `role` is one of inner, noise"),
    "an unknown merge": (on_node(merge="max"), "node a: E0209 unknown merge `max`"),
    "a merge that says more": (on_node(merge="sum then relu"), "node a: E1001 `sum then relu` is"),
    "a value without a text": (on_node(then=Silent()), "node a: E1001 `then` is a pipeline, not S"),
    "an input that applies something": (on_node(role="noise"), "node a: E1002 the input `a` merg"),
    "a dot without a block": (with_node("B1.x", shape=(3, 8, 8)), "node B1.x: E1002 `B1.x` has a"),
    "a block without a dot": (on_node(block="B1"), "node a: E1002 `a` is in block `B1`"),
    "an output in a block": (
        with_node("B.x", shape=(3, 8, 8), block="B", role="output"),
        "node B.x: E1002 `B.x` is `output` in a block",
    ),
    "aliases outside of blocks": (on_node(aliases=["B2.a"]), "node a: E1002 `a` has aliases"),
    "what nothing merges": (with_node("a.merge", shape=(3, 8, 8)), "node a.merge: E1002 `a.merge`"),
    "an operation that is not there": (on_node(then="relo"), "node a: E0202 unknown operation"),
    "candidates in one text": (on_edge(candidates="conv(3)"), "edge a->image: E1001 `candidates`"),
    "no candidates": (on_edge(candidates=[]), "edge a->image: E1001 `candidates` is a list"),
    "shapes that do not fit": (on_edge(candidates=["nearest(2)"]), "edge a->image: E0402 `nearest"),
    "a type without candidates": (on_edge(type="mix", candidates=None), "edge a->image: E0203"),
    "a contract of a link": (on_edge(contract="keeps"), "edge a->image: E1002 the contract is"),
    "an unknown contract": (on_edge(type="mix", contract="kept"), "edge type mix: E0207 unknown"),
    "a contract that is broken": (
        on_edge(type="mix", contract="bridges"), "edge a->image: E0403 `mix` bridges adjacent"
    ),
    "an edge that is in no block": (on_edge(block="B1"), "edge a->image: E1002 `a -> image` does"),
    "a rule that is none": (small(rules=["limit macs <= 3"]), "rules[0]: E1001 `limit macs <= 3`"),
    "a rule that nothing keeps to": (
        small(rules=["rule at most one none", "rule exactly two conv"]),
        "rules[1]: E0801 nothing keeps to `rule exactly 2 conv`",
    ),
    "a limit of what is not there": (small(limits=["limit time <= 3"]), "limits[0]: E0209"),
    "parameters without end": (small(parameters={"a": float("inf")}), "the graph: E1001 `param"),
    "a choice of itself": (small(choices={"n": ["n >> bn"]}), "choice n: E0302 `choice n` is"),
    "sharing of an unknown edge": (
        small(shares=[("choice", ["a->image", "z->b"])]), "shares[0]: E0901 there is no edge `z->b`"
    ),
    "sharing what is not alike": (
        small(shares=[("weights", ["z->a", "a->image"])]), "shares[0]: E0901 `z -> a` has 1 alt"
    ),
    "a block after one that is not there": (small(instances={"B": "A"}), "block B: E0205 no block"),
    "blocks in a ring": (small(instances={"A": "B", "B": "A"}), "block B: E0205 no block instance"),
    "a block that is a node": (small(instances={"a": None}), "block a: E0206 `a` is a node too"),
    "a type that is built in": (
        small(edge_types={"link": {"candidates": ["relu"]}}), "edge type link: E0206"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_graph_that_is_no_space_says_where_and_why(name: str) -> None:
    graph, said = BAD[name]
    found = [fault for fault in faults_of(graph) if "W0" not in fault]
    assert found[0].startswith(said)


@pytest.mark.parametrize(
    "text",
    [
        "relu | tanh", "relu\nlink z -> image = linear", "relu # it", "relu merge sum", "(relu)",
        "{relu}", "relu - relu", "relu)", "relu(", "relu }", '"relu"', "[" * 100, "\0", "= relu",
    ],
)  # fmt: skip
def test_a_text_of_a_graph_is_one_pipeline_and_nothing_else(text: str) -> None:
    alone = {"choices": {"n": [text]}}, {"edge_types": {"t": {"candidates": [text]}}}
    graphs = on_node(then=text), on_edge(candidates=[text]), *(small(**said) for said in alone)
    for graph in graphs:
        assert all(" E01" in fault or " E1001 " in fault for fault in faults_of(graph))


def test_a_text_that_cannot_be_read_is_shown() -> None:
    with pytest.raises(SpaceError) as error:
        from_graph(on_edge(candidates=["conv(3", "tanh"]))
    assert full(error.value.diagnostics[0]) == (
        "error[E0101]: `(` is never closed\n"
        " --> edge a->image\n  |\n  | conv(3\n  |     ^\n  = help: close it with `)`"
    )


def test_all_places_of_an_unknown_name_are_told() -> None:
    graph = on_edge(candidates=["conf(3)", "tanh >> conf(1)"])
    graph.edges["z", "a", "z->a"]["candidates"] = ["linear >> conf(3)"]
    with pytest.raises(SpaceError) as error:
        from_graph(graph)
    (fault,) = error.value.diagnostics
    assert fault.notes == (("and 2 more places, at edge a->image", None),)


def test_a_port_is_no_node() -> None:
    graph = autorecon.load("paper", width=4).graph
    graph.add_edge("z", "B2.n1", candidates=["linear"])
    assert faults_of(graph) == [
        "node B2.n1: E1002 `B2.n1` is a port that is bound to `B1.n5` "
        "(lead edges to `B1.n5`, and remove it)"
    ]


def test_ports_of_two_blocks() -> None:
    graph = autorecon.load("paper", width=4).graph
    graph.graph["instances"]["B2"] = None
    (fault,) = faults_of(graph)
    said = "node B1.n5: E1002 `B2.n1` is bound to `B1.n5`, but `B2` comes after none ("
    assert fault.startswith(said)


def test_a_graph_that_no_file_can_hold() -> None:
    graph = small()
    for number in range(12_000):
        name = f"a_node_with_a_long_name_and_the_number_{number}"
        graph.add_node(name, shape=(3, 8, 8))
        graph.add_edge("a", name, candidates=["conv(3)"])
    (fault,) = faults_of(graph)
    assert fault.startswith("E0305 the graph is a text of 1,")
