"""The spaces that ship with the package: sound, and of the published sizes."""

from __future__ import annotations

from collections import Counter

import pytest

import autorecon
from autorecon.lang import shipped_spaces

GENOTYPES = [name for name in shipped_spaces() if name.startswith("paper-")]


@pytest.mark.parametrize("name", shipped_spaces())
def test_loads_and_says_where_it_is_from(name):
    space = autorecon.load(name)
    assert space.text.startswith("# ")
    assert space.output.role == "output"


def test_the_paper_space_is_that_of_figure_2():
    space = autorecon.load("paper")
    assert space.edges_by_type == {"normal": 15, "up": 6, "cross": 12, "link": 4}
    assert space.architectures == 161_475_125_529_959_543_232
    resolutions = {n.block: n.shape[1:] for n in space.nodes.values() if n.block}
    assert resolutions == {"B1": (8, 8), "B2": (16, 16), "B3": (32, 32)}
    assert space.nodes["B1.n1"].shape == (64, 4, 4)
    assert space.nodes["B1.n5"].aliases == ("B2.n1",)


def test_the_graph_carries_shapes_types_and_candidates():
    graph = autorecon.load("paper").graph
    assert graph.nodes["B2.n5"]["shape"] == (64, 16, 16)
    edge = graph.edges["B1.n5", "B2.n2", "B2.n1->n2"]
    assert (edge["type"], edge["contract"]) == ("up", "enlarges")
    assert edge["candidates"] == ("nearest", "bilinear")


def test_gdfq_has_the_published_size():
    cost = autorecon.load("gdfq-cifar").cost
    assert (cost.parameters.min, cost.parameters.max) == (1_061_139, 1_061_139)
    assert cost.macs.max == 115_834_880


def test_published_genotypes_choose_what_was_counted():
    """Over the 75 normal edges of the five, as counted from their publication."""
    chosen = Counter(
        edge.candidates[0].text
        for name in GENOTYPES
        for edge in autorecon.load(name).edges
        if edge.type == "normal"
    )
    assert len(GENOTYPES) == 5
    assert chosen == {
        "conv(5, dilation=2)": 41,
        "conv(5)": 11,
        "conv(3, dilation=2)": 11,
        "conv(1)": 7,
        "conv(3)": 3,
        "none": 2,
    }
