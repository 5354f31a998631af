"""Spaces whose sizes choices decide: what is said of them is what plain texts with numbers say."""

from __future__ import annotations

import re
from itertools import product

import pytest

from autorecon import Space, from_graph, loads
from autorecon.graph import genotype
from autorecon.graph.diff.diff import compare
from autorecon.graph.draw.draw import dot_source
from autorecon.graph.survey import candidate_rows, node_rows, tied_rows
from autorecon.lang.program.measures import NAMES

TEXT = """
space sized
choice width = 2 | 4
choice long = 3 | 5 | 2
input z [3]: noise
node code [long]
node a, b [2*width, 2, 2] then bn >> relu
node c [width + 1, 2, 2] merge mean then conv(1) >> prelu
output image [1, 2, 2]
link z -> code = linear | linear >> tanh
link code -> {a, b} = linear
link a -> c = conv(1) | conv(3) >> bn >> conv(1) | none
link b -> c = conv(1)
link {a, c} -> image = conv(1) | none
"""
NORM = TEXT.replace("then bn >>", "then norm >>") + "choice norm = bn | identity\n"
TOLD = TEXT + "rule if width = 4 | 2 then a -> c != none\n"
BLOCKS = """
space blocks
choice width = 2 | 4
input z [3]: noise
output image [1, 8, 8]
block stage(first, last, side) {
  choice inner = 2 | 3 | 4
  in   a [first, side, side]
  node b [inner, 2*side, 2*side] then bn
  out  c [last, 2*side, 2*side]
  link a -> b = nearest >> conv(3) | deconv(4)
  link b -> c = conv(1) | conv(3)
}
A = stage(width, 2*width, 2)
B = stage(2*width, width/2, 4) after A
share choice A.inner, B.inner
link z -> A.a = linear
link B.c -> image = conv(1)
"""


APART = TEXT.replace("choice width", "choice width apart")
MERGED = """
space merged
choice w apart = 2 | 4 | 3
choice n = 2 | 4
choice deep apart = 2 | 4
input z [3]: noise
output image [1, 4, 4]
node style [n] then relu
node a [w, 2, 2]
node b [w, 2, 2] merge film
node c [2*w, 2, 2] merge concat then group_norm(2)
node m [w + 1, 4, 4] merge modconv(3)
node d [deep, deep, deep] then bn
link z -> {style, a} = linear
link a -> b = conv(3) | identity
link style -> b = linear
link {a, b} -> c = identity
link c -> m = nearest >> conv(1)
link style -> m = linear
link a -> d = nearest >> conv(deep - 1) | conv(1, out=3*deep) >> conv(1) >> nearest
link {m, d} -> image = nearest >> conv(1) | none
"""
MAPS = """
space maps
choice side = 2 | 4
input z [3]: noise
output image [1, 4, 4]
node a [3, 2, 2]
node b [4, side, side] merge product then bn
link z -> a = linear
link a -> b = nearest >> conv(3) | conv(1) >> bilinear
link b -> image = nearest >> conv(1) | none
link a -> image = nearest >> conv(1) | none
"""
INDEXED = """
space indexed
input z [3]: noise
output image [1, 2, 2]
for i in 1..3 {
  choice w[i] = i | 2*i + 1
  node h[i] [w[i] + 1, 2, 2] then bn
}
link z -> h[1] = linear
for i in 2..3 {
  link h[i-1] -> h[i] = conv(1) | conv(3)
}
link h[3] -> image = conv(1)
rule if w[1] = 1 then w[2] != 2
"""


def written_out(space: Space, chosen: dict[str, str]) -> Space:
    """The space in whose text numbers stand for sizes, with the other choices made as they are."""
    text = space.text
    sizes = {n.sizes.decision for n in space.nodes.values() if n.sizes}
    for name in sizes:
        local = name.rpartition(".")[2]
        text = re.sub(rf"choice {local}( apart)? = .*", f"let {local} = {chosen[name]}", text)
    plain = loads(re.sub(r"share choice .*", "", text))
    place = {d.name: d.options.index(chosen[d.name]) for d in space.decisions}
    return genotype(plain, {d.name: d.options[place[d.name]] for d in plain.decisions})


@pytest.mark.parametrize("text", [TEXT, NORM, BLOCKS, APART, MERGED, MAPS])
def test_every_architecture_costs_what_it_does_with_numbers(text: str) -> None:
    space = loads(text)
    costs = []
    for picks in product(*(range(len(d.options)) for d in space.decisions)):
        if not space.liveness.is_valid(picks):
            continue
        found = space.genotype(picks)
        plain = written_out(space, dict(found.program.chosen))
        assert found.cost == plain.cost
        assert found.paths == plain.paths
        assert {n.name: n.shape for n in found.widest.nodes.values()} == {
            n.name: n.shape for n in plain.nodes.values()
        }
        costs.append([getattr(found.cost, measure).max for measure in NAMES])
    assert space.cost.exact
    assert len(costs) == space.valid_architectures
    for measure, own in zip(NAMES, zip(*costs, strict=True), strict=True):
        ends = getattr(space.cost, measure)
        assert (ends.min, ends.max) == (min(own), max(own))


def test_counts_by_hand() -> None:
    """A matrix of 3 x long, then long x 2*width*4 twice, norms of 2*width, and so on."""
    space = loads(TEXT)
    picks = dict(zip([d.name for d in space.decisions], (1, 0), strict=False))
    chosen = {d.name: d.options[picks.get(d.name, 0)] for d in space.decisions}
    assert (chosen["width"], chosen["long"]) == ("4", "3")
    parameters = (3 * 3 + 3) + 2 * (3 * 32 + 32 + 16) + 2 * (8 * 5 + 5) + (25 + 5 + 5)
    parameters += (8 + 1) + (5 + 1)
    assert genotype(space, chosen).cost.parameters.max == parameters


MANY = " | ".join(str(64 * n) for n in range(1, 13))


@pytest.mark.parametrize(
    "text",
    [
        *(TEXT, NORM, TOLD, BLOCKS, TEXT.replace("width + 1", "width*width")),
        *(APART, MERGED, MAPS, INDEXED),
        f"""space s
choice w = {MANY}
input z [3]: noise
node a [w*w/64, 2, 2]
node b [(3*w - 64)/64, 2, 2]
output image [1, 2, 2]
link z -> {{a, b}} = linear
link {{a, b}} -> image = conv(1)
""",
        TEXT + "rule exactly 0 prelu | identity\n",
    ],
)
def test_a_graph_and_a_genotype_are_read_back(text: str) -> None:
    space = loads(text)
    again = from_graph(space.graph)
    assert again == space
    assert again.fingerprint == space.fingerprint
    last = space.genotype(
        tuple(len(d.options) - 1 for d in space.decisions)[:1] + (0,) * (len(space.decisions) - 1)
    )
    assert from_graph(last.graph).cost == last.cost


def test_a_graph_by_hand() -> None:
    graph = loads(TEXT).graph
    assert graph.nodes["a"]["size"] == "2*width"
    assert graph.graph["choices"]["width"] == ("2", "4")
    graph.nodes["a"]["size"] = "3*width"
    assert from_graph(graph).nodes["a"].sizes.counts == (6, 12)
    graph.nodes["a"]["size"] = "8]\noutput more [4"
    with pytest.raises(Exception, match="E0101"):
        from_graph(graph)


def test_what_is_drawn_and_told_is_as_written() -> None:
    space = loads(NORM)
    assert [n.name for n in space.widest.nodes.values()] == [
        *("z", "code", "a.merge", "a", "b.merge", "b", "c", "image")
    ]
    assert space.edges_by_type == {"link": 9}
    drawn = dot_source(space)
    assert "4 | 8 " in drawn
    assert "c.merge" not in drawn
    rows = {row.node.name: row for row in node_rows(loads(TEXT))}
    assert (rows["a"].parameters.min, rows["a"].parameters.max) == (8, 16)
    assert rows["c"].macs.max == 25 * 4
    rows = {row.candidate.text: row for row in candidate_rows(loads(TEXT))}
    assert (rows["conv(3) >> bn >> conv(1)"].edges, rows["conv(1)"].edges) == (1, 4)
    assert {decision.name: edges for decision, edges in tied_rows(loads(TEXT))} == {
        "width": 6,
        "long": 3,
    }


def test_what_changed_is_told_of_nodes() -> None:
    old, new = loads(TEXT), loads(TEXT.replace("width = 2 | 4", "width = 2 | 6"))
    found = compare(old, new)
    assert [(c.name, *c.sides) for c in found.restrictions] == [("choice width", "2 | 4", "2 | 6")]
    assert {change.name: change.changes[0].sides for change in found.nodes} == {
        "a": ("4|8x2x2", "4|12x2x2"),
        "b": ("4|8x2x2", "4|12x2x2"),
        "c": ("3|5x2x2", "3|7x2x2"),
    }
    assert not found.edges
    picks = (0,) * len(old.decisions)
    found = compare(old.genotype(picks), old.genotype((1, *picks[1:])))
    assert {change.name: change.changes[0].sides for change in found.nodes} == {
        "a": ("4x2x2", "8x2x2"),
        "b": ("4x2x2", "8x2x2"),
        "c": ("3x2x2", "5x2x2"),
    }
    assert compare(old, loads(TEXT)).same
    apart = compare(old, loads(APART))
    assert not apart.same
    assert [change.name for change in apart.restrictions] == ["choice width", "choice width apart"]


def test_choices_with_an_index_are_as_those_with_names() -> None:
    lines = INDEXED.split("for i in 1..3")[0]
    for i in (1, 2, 3):
        lines += f"choice w{i} = {i} | {2 * i + 1}\nnode h{i} [w{i} + 1, 2, 2] then bn\n"
    lines += "link z -> h1 = linear\nlink h3 -> image = conv(1)\n"
    lines += "".join(f"link h{i - 1} -> h{i} = conv(1) | conv(3)\n" for i in (2, 3))
    one, other = loads(INDEXED), loads(lines + "rule if w1 = 1 then w2 != 2\n")
    assert one.decisions[0].name == "w[1]"
    assert (one.architectures, one.valid_architectures) == (32, 24)
    assert (one.cost, one.valid_architectures) == (other.cost, other.valid_architectures)


@pytest.mark.parametrize("word", ["", " apart"])
def test_weights_of_sizes_are_shared_at_another_resolution(word: str) -> None:
    text = f"""
space shared
choice n{word} = 2 | 4
block cell(side) {{
  in  a [n, side, side] then bn
  out c [n, 2*side, 2*side]
  link a -> c = nearest >> conv(3) | deconv(4)
}}
input z [3]: noise
output image [1, 8, 8]
A = cell(2)
B = cell(4) after A
share weights A, B
link z -> A.a = linear
link B.c -> image = conv(1)
"""
    space = loads(text)
    assert [e.name for e in space.edges if e.weights_of] == ["B.a->c"]
    apart = loads(text.replace("share weights A, B\n", ""))
    assert apart.cost.parameters.max - space.cost.parameters.max == 4 * 4 * 16 + 4
    decided = text.replace("B = cell(4) after A", "B = cell(side)").replace(" | 4\n", "\n", 1)
    decided = decided.replace("block", f"choice side{word} = 2 | 4\nblock", 1)
    decided = decided.replace("-> A.a = linear", "-> {A.a, B.a} = linear")
    with pytest.raises(Exception, match=r"E0901 `A.a -> A.c` and `B.a -> B.c` lead between"):
        loads(decided)


def test_the_same_architectures_whether_apart_or_not() -> None:
    one, other = loads(TEXT), loads(APART)
    assert one != other
    assert (one.cost, one.distinct_architectures) == (other.cost, other.distinct_architectures)
    assert [d.options for d in one.decisions] == [d.options for d in other.decisions]
    assert one.fingerprint == other.fingerprint
    assert other.graph.graph["apart"] == ("width",)


@pytest.mark.parametrize(
    "rule", ["exactly 1 identity", "at most one conv(3)", "exactly 0 conv(3) into b"]
)
def test_what_nodes_apply_is_no_edge_to_rules(rule: str) -> None:
    text = f"""space s
choice w = 4
input z [3]: noise
node a [w, 2, 2]
node b [w, 2, 2] then conv(3)
output image [1, 2, 2]
link z -> a = linear
link a -> b = identity | conv(3)
link b -> image = conv(1)
rule {rule}
"""
    sized = loads(text.replace("w = 4", "w = 4 | 8"))
    assert sized.valid_architectures == 2 * loads(text).valid_architectures


def test_rules_name_sizes_by_values() -> None:
    text = TEXT.replace("width = 2 | 4", "width = base | 2*base").replace("sized", "s(base = 2)")
    told = loads(TOLD.replace("4 | 2 then", "2 then"))
    for wanted in ("base", "2*base - 2", "base^1 | 9*base"):
        rule = f"rule if width = {wanted} then a -> c != none\n"
        assert loads(text + rule).valid_architectures == told.valid_architectures
    with pytest.raises(Exception, match="`long` is decided"):
        loads(text + "rule if width = long then a -> c != none\n")


def test_ids_are_of_the_sizes() -> None:
    texts = TEXT, TEXT.replace("2 | 4", "2 | 6"), TEXT.replace("2*width", "4*width")
    assert len({loads(text).fingerprint for text in texts}) == 3


def test_nodes_of_different_sizes_are_not_symmetric() -> None:
    text = TEXT.replace("node a, b [2*width, 2, 2]", "node b, a [2*width, 2, 2]")
    assert loads(text).architectures_up_to_symmetry == loads(TEXT).architectures_up_to_symmetry
    plain = loads(TEXT.replace("link b -> c = conv(1)", "link b -> c = conv(1) | none"))
    other = loads(
        plain.text.replace("node a, b [2*width", "node a [4*width, 2, 2]\nnode b [2*width")
    )
    assert other.architectures_up_to_symmetry == other.distinct_architectures
