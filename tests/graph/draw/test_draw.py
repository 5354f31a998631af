from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import attrs
import pytest

from autorecon.graph import Space, derive_choices, genotype, load, loads
from autorecon.graph.draw.draw import dot_source
from autorecon.graph.draw.labels import FAINT, GREY, PALETTE

SPACES = Path(__file__).parents[3] / "spaces"
NAME = r'(?:"([^"]*)"|(\w+))'
EDGE = re.compile(rf"^\t+{NAME} -> {NAME} \[(.*?)\]$", re.M | re.S)
NODE = re.compile(rf"^\t+{NAME} \[(label=<.*?)\]$", re.M | re.S)
ATTRIBUTE = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|<.*?>(?= \w+=|$)|[^\s"<]+)', re.S)


def attributes(text: str) -> dict[str, str]:
    return {k: v.strip('"') for k, v in ATTRIBUTE.findall(text)}


def edges(dot: str) -> dict[tuple[str, str], dict[str, str]]:
    return {(m[1] or m[2], m[3] or m[4]): attributes(m[5]) for m in EDGE.finditer(dot)}


def nodes(dot: str) -> dict[str, dict[str, str]]:
    found = {m[1] or m[2]: attributes(m[3]) for m in NODE.finditer(dot)}
    return {name: values for name, values in found.items() if name not in ("graph", "node")}


def words(label: str) -> str:
    return html.unescape(re.sub("<[^>]*>", " ", label[1:-1]))


@pytest.fixture(scope="module")
def paper() -> Space:
    return load(SPACES / "paper.space")


def derived(space: Space, **wanted: str) -> Space:
    """The genotype that prefers the wanted candidate, or else the first, on each edge."""
    probabilities = {
        edge.name: [float(c.text == wanted.get(edge.type)) for c in edge.candidates]
        for edge in space.choices
    }
    return genotype(space, derive_choices(space, probabilities), of="paper.space")


def test_every_node_and_every_edge_is_drawn_once(paper):
    dot = dot_source(paper)
    drawn = Counter((m[1] or m[2], m[3] or m[4]) for m in EDGE.finditer(dot))
    assert drawn == Counter((e.source, e.target) for e in paper.edges)
    assert sum(drawn.values()) == 33 + 4
    assert set(nodes(dot)) == set(paper.nodes)


def test_blocks_are_clusters_of_their_nodes(paper):
    clusters = re.findall(r"subgraph cluster_(B\d) \{(.*?)\n\t\t\}", dot_source(paper), re.S)
    assert [name for name, _ in clusters] == ["B1", "B2", "B3"]
    for name, body in clusters:
        assert set(nodes(body)) == {n.name for n in paper.nodes.values() if n.block == name}


def test_nodes_show_name_ports_merge_and_shape(paper):
    drawn = nodes(dot_source(paper))
    assert words(drawn["B1.n5"]["label"]).split() == [
        *("B1.n5", "=", "B2.n1"),
        *("64", "\u00d7", "8", "\u00d7", "8"),
    ]
    assert words(drawn["code"]["label"]).split() == ["code", "∏", "100"]
    assert words(drawn["y"]["label"]).split() == ["y", "100", "classes"]
    shapes = {name: drawn[name].get("shape", "box") for name in ("z", "y", "code", "B1.n1")}
    assert shapes == {"z": "ellipse", "y": "ellipse", "code": "box", "B1.n1": "box"}
    assert drawn["image"]["fillcolor"] not in ("white", None)
    assert "then bn(eps=0.8) >> leaky_relu(slope=0.2)" in drawn["B1.n2"]["tooltip"]
    assert drawn["z"]["tooltip"] == "z: noise"


def test_the_title_counts_and_its_tooltip_counts_exactly(paper):
    dot = dot_source(paper)
    assert "1.6 \u00d7 10²⁰ architectures" in dot
    assert "161,475,125,529,959,543,232 architectures" in dot
    assert "width = 64" in dot


def test_the_title_of_one_architecture_is_its_size():
    dot = dot_source(load(SPACES / "gdfq-cifar.space"))
    assert "1.06 M parameters, 116 M MACs" in dot
    assert "1,061,139 parameters, 115,834,880 multiply-accumulates" in dot


def test_edge_types_are_colours_and_the_legend_explains_them(paper):
    dot = dot_source(paper)
    colour = dict(zip(("normal", "up", "cross"), PALETTE, strict=False), link=GREY)
    drawn = edges(dot)
    for edge in paper.edges:
        assert drawn[edge.source, edge.target]["color"] == colour[edge.type]
    legend = words(re.search(r"graph \[label=(<<TABLE.*?</TABLE>>)\]", dot)[1])
    assert re.sub(r"\s+", " ", legend).split(" link")[0].strip() == (
        "normal keeps conv1 | conv3 | conv5 | conv3 d2 | conv5 d2 | identity | none "
        "up enlarges nearest | bilinear cross bridges nearest | bilinear | none"
    )


def test_only_links_are_the_same_colour_so_they_need_no_legend():
    assert "graph [label=" not in dot_source(load(SPACES / "gdfq-cifar.space"))


def test_edges_of_their_types_candidates_have_no_label(paper):
    labelled = {ends: v["label"] for ends, v in edges(dot_source(paper)).items() if "label" in v}
    assert labelled == {
        ("z", "code"): " identity ",
        ("y", "code"): " embed ",
        ("code", "B1.n1"): " linear ",
        ("B3.n5", "image"): " conv3 >> tanh >> bn ",
    }


def test_a_narrowed_edge_shows_its_own_candidates(paper):
    text = paper.text.replace("n4 -> n5", "n4 -> n5 = conv(3) | conv(5) | identity")
    drawn = edges(dot_source(loads(text)))
    assert drawn["B2.n4", "B2.n5"]["label"] == " conv3 | conv5 | \n identity "
    assert "label" not in drawn["B2.n3", "B2.n5"]


def test_a_genotype_shows_each_edges_choice_in_its_spaces_colours(paper):
    chosen = derived(paper, normal="conv(5, dilation=2)", cross="bilinear")
    drawn, before = edges(dot_source(chosen)), edges(dot_source(paper))
    assert drawn["B1.n2", "B1.n4"]["label"] == " conv5 d2 "
    assert drawn["B1.n2", "B2.n4"]["label"] == " bilinear "
    assert {k: v["color"] for k, v in drawn.items()} == {k: v["color"] for k, v in before.items()}
    legend = dot_source(chosen)
    assert "15 \u00d7 conv5 d2" in legend
    assert "6 \u00d7 nearest" in legend
    assert "of paper.space" in legend


def test_none_is_dashed_identity_thin_and_what_is_dead_faint(paper):
    path = {"B1.n1 -> B1.n2", "B1.n2 -> B1.n5", "B2.n2 -> B2.n5", "B3.n2 -> B3.n5"}
    choices = {}
    for decision in paper.decisions:
        keep = "identity" if decision.text in path else "none"
        choices[decision.name] = keep if keep in decision.options else decision.options[0]
    chosen = genotype(paper, choices, of="paper.space")
    dot = dot_source(chosen)
    drawn = edges(dot)
    assert drawn["B1.n3", "B1.n4"]["style"] == "dashed"
    assert "label" not in drawn["B1.n3", "B1.n4"]
    assert drawn["B1.n2", "B1.n5"]["penwidth"] == "0.7"
    assert drawn["B1.n1", "B1.n3"]["color"] == FAINT
    dead = {name for name, values in nodes(dot).items() if values.get("color") == FAINT}
    assert (
        dead == {f"B{i}.n{j}" for i in (1, 2, 3) for j in (3, 4)} == set(paper.nodes) - chosen.live
    )


def test_text_of_users_is_escaped(paper):
    program = attrs.evolve(paper.program, name='a<b>&"c"', of="<i>.space")
    dot = dot_source(Space(program))
    assert "a&lt;b&gt;&amp;&quot;c&quot;" in dot
    assert "&lt;i&gt;.space" in dot


def test_the_same_space_gives_the_same_text_in_every_process():
    code = (
        "from autorecon.graph import load; from autorecon.graph.draw.draw import dot_source; "
        f"print(dot_source(load({str(SPACES / 'paper.space')!r})))"
    )
    command = [sys.executable, "-c", code]
    texts = {
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


def test_dotted_lines_lead_from_a_label_to_where_it_is_read():
    space = loads(
        "space s\ninput z [4]: noise\ninput y: label(3)\nnode a [4] then ccbn(y)\nnode b [4]\n"
        "output image [4]\nlink z -> a = linear\nlink a -> {b, image} = ccbn(y) | identity\n"
        "link b -> image = ccbn(y) | linear\n"
    )
    text = dot_source(space)
    lines = [line.split("[")[0].strip() for line in text.split("\n") if "dotted" in line]
    assert lines == ["y -> a", "y -> b", "y -> image"]
    assert "dotted" not in dot_source(load(SPACES / "paper.space"))


TIED = """
space tied(width = 4)
choice norm = bn | identity
input z [4]: noise
node a, b [width, 4, 4]
output image [3, 4, 4]
link z -> a = linear
link a -> b = norm >> conv(3) | conv(1)
link a -> image = norm >> conv(3)
link b -> image = conv(3) | conv(1)
share choice a -> b, b -> image
"""


def test_edges_say_what_they_are_tied_to_and_the_legend_what_can_be_chosen():
    space = loads(TIED)
    drawn = edges(dot_source(space))
    assert drawn["a", "b"]["label"] == " norm >> conv(3) | \n conv(1) \n by norm "
    assert drawn["a", "image"]["label"] == " by norm "
    assert drawn["b", "image"]["label"] == " conv3 | conv1 \n by a->b "
    assert "norm choice bn | identity" in re.sub(r"\s+", " ", words(dot_source(space)))
    chosen = dot_source(space.decode(3))
    assert edges(chosen)["a", "b"]["label"] == " conv1 "
    assert "norm choice identity" in re.sub(r"\s+", " ", words(chosen))


def test_a_type_may_name_a_choice():
    text = TIED.replace("link a -> image", "kind a -> image").replace(
        "= norm >> conv(3)\nlink b", "\nlink b"
    )
    space = loads(text + "edge kind = conv(3) | norm >> conv(3)\n")
    shown = re.sub(r"\s+", " ", words(dot_source(space)))
    assert "kind conv3 | norm >> conv3" in shown
    label = edges(dot_source(space))["a", "image"]["label"]
    assert label == " conv(3) | \n norm >> conv(3) \n by norm "
    assert edges(dot_source(space.decode(0)))["a", "image"]["label"] == " conv3 "
