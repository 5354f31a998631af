"""The spaces that ship with the package: sound, and of the published sizes."""

from __future__ import annotations

import re
from collections import Counter

import pytest

import autorecon
from autorecon.graph.draw.draw import dot_source
from autorecon.lang import shipped_spaces

OURS = "paper-dilated"
OWN = (OURS, "autorecon-gdfq")
PUBLISHED = [n for n in shipped_spaces() if autorecon.load(n).program.of and n not in OWN]


@pytest.mark.parametrize("name", shipped_spaces())
def test_loads_and_says_where_it_is_from(name):
    space = autorecon.load(name)
    about = re.match("(?:#.*\\n)+", space.text)
    assert about
    assert re.search(r"et al\.|teacher", about[0])
    assert space.output.role == "output"
    assert len(space.output.shape) == 3


@pytest.mark.parametrize("name", shipped_spaces())
def test_is_drawn(name):
    space = autorecon.load(name)
    drawn = dot_source(space)
    assert drawn.count(" -> ") >= len(space.edges)
    assert all(node in drawn for node in space.nodes)


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


# Parameters and multiply-accumulates. GDFQ's are published; the others are worked out from the
# layers: linear, norms, convolutions, each with its bias where it has one.
SIZES = {
    "gdfq-cifar": (1_061_139, 115_834_880),
    "gdfq-imagenet": (41_405_315, 5_675_909_120),
    "dafl": (1001 * 8192 + 256 + 147_584 + 256 + 73_792 + 128 + 1731, 123_207_680),
    "dfad": (257 * 8192 + 256 + 147_584 + 256 + 73_792 + 128 + 1731, 117_112_832),
    "dcgan": (
        100 * 16384
        + 2 * (1024 + 512 + 256 + 128)
        + 16 * (1024 * 512 + 512 * 256 + 256 * 128 + 128 * 3)
        + 3,
        100 * 16384 + 16 * (16 * 524_288 + 64 * 131_072 + 256 * 32_768 + 1024 * 384),
    ),
}


@pytest.mark.parametrize("name", SIZES)
def test_human_designed_generators_have_their_size(name):
    cost = autorecon.load(name).cost
    assert (cost.parameters.min, cost.macs.min) == SIZES[name]
    assert (cost.parameters.max, cost.macs.max) == SIZES[name]


@pytest.mark.parametrize("images", [(10, 1, 16), (100, 3, 32), (1000, 3, 224)])
def test_our_space_has_the_human_designed_generator_and_others_of_its_cost(images):
    given = dict(zip(("classes", "channels", "size"), images, strict=True))
    space, human = autorecon.load("autorecon", **given), autorecon.load("gdfq-cifar", **given)
    assert space.cost.macs.min == human.cost.macs.min == human.cost.macs.max
    # Features of a thousand classes at 224x224 are made of few numbers, which is work.
    assert 1 <= space.cost.macs.max / human.cost.macs.max <= (1.002 if images[0] == 1000 else 1)
    assert space.cost.parameters.max < 50_000_000
    soft = "nearest >> conv(3) >> bn(eps=0.8) >> leaky_relu(slope=0.2)"
    chosen = {
        "scaled->code": "identity", "z->code": "none", "y->seed": "none",
        "seed->low": soft, "low->high": soft,
    }  # fmt: skip
    assert chosen.keys() == {decision.name for decision in space.decisions}
    member = autorecon.graph.genotype(space, chosen)
    assert dict(autorecon.load("autorecon-gdfq").program.chosen) == chosen
    assert (member.cost.macs, member.cost.parameters) == (human.cost.macs, human.cost.parameters)
    live = [edge for edge in member.edges if {edge.source, edge.target} <= member.live]
    assert [edge.candidates[0].text for edge in live if not edge.is_cut] == [
        "identity", "embed", "identity", "linear", soft, soft, "conv(3)"
    ]  # fmt: skip


def test_norm_inside_makes_the_papers_choices():
    inside, paper = autorecon.load("paper-norm-inside"), autorecon.load("paper")
    assert [e.name for e in inside.choices] == [e.name for e in paper.choices]
    assert inside.architectures == paper.architectures
    assert [n.shape for n in inside.program.inputs[:3]] == [(33,), (33,), (34,)]
    seeds = [e.target for e in inside.edges if e.source in ("z1", "z2", "z3")]
    assert seeds == ["B1.n1", "B1.n5", "B2.n5"]


def test_adversarialnas_skips_lead_to_every_later_cell():
    space = autorecon.load("adversarialnas")
    assert space.edges_by_type == {"up": 6, "normal": 15, "link": 5}
    skips = [(e.source, e.target) for e in space.edges if e.type == "link"][1:4]
    assert skips == [("C1.n4", "C2.n4"), ("C1.n4", "C3.n4"), ("C2.n4", "C3.n4")]
    assert space.architectures == 3**6 * 7**15


def test_autogan_has_the_choices_of_its_controller():
    """Order, norm, resize and shortcut of three cells; skips from one and from two cells before."""
    space = autorecon.load("autogan")
    cells = [2 * 3 * 3 * 2, 2 * 3 * 3 * 2 * 2, 2 * 3 * 3 * 2 * 2**2]
    assert space.architectures == cells[0] * cells[1] * cells[2] == 373_248
    assert space.distinct_architectures == space.valid_architectures == space.architectures
    by_name = {edge.name: edge for edge in space.edges}
    assert by_name["C3.start->middle"].axes == ("C3.start->middle", "C3.up", "C3.norm")
    assert by_name["C3.middle->end"].axes == ("C3.start->middle", "C3.norm")
    assert by_name["C1.middle->C3.middle"].axes == ("C1.middle->C3.middle", "C3.up")
    # A linear layer, three cells of two 3x3 convolutions, and the head with its norm.
    convolution = 64 * 64 * 9 + 64
    least = 129 * 1024 + 6 * convolution + 2 * 64 + 64 * 3 * 9 + 3
    assert space.cost.parameters.min == least
    assert space.cost.exact


def test_published_genotypes_choose_what_was_counted():
    """Over the 75 normal edges of the five, as counted from their publication."""
    chosen = Counter(
        edge.candidates[0].text
        for name in PUBLISHED
        for edge in autorecon.load(name).edges
        if edge.type == "normal"
    )
    assert len(PUBLISHED) == 5
    assert chosen == {
        "conv(5, dilation=2)": 41,
        "conv(5)": 11,
        "conv(3, dilation=2)": 11,
        "conv(1)": 7,
        "conv(3)": 3,
        "none": 2,
    }


def test_the_dilated_genotype_is_the_plainest():
    edges = autorecon.load(OURS).edges
    of = {kind: {e.candidates[0].text for e in edges if e.type == kind} for kind in ("up", "cross")}
    assert of == {"up": {"nearest"}, "cross": {"nearest"}}
    normal = {e.candidates[0].text for e in edges if e.type == "normal"}
    assert normal == {"conv(5, dilation=2)"}
