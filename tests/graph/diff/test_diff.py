from __future__ import annotations

import attrs
import pytest

from autorecon.graph import Space, load, loads
from autorecon.graph.diff.diff import Change, Difference, compare
from autorecon.graph.diff.groups import edge_groups, node_groups
from autorecon.lang import shipped_spaces

BASE = """space base(width = 8)
edge normal keeps = conv(3) | identity | none
input z [4]: noise
node a, b, c [width, 4, 4] then relu
output image [3, 4, 4]
link z -> a = linear
normal a -> {b, c}
normal b -> c
link c -> image = conv(1)
"""


@pytest.fixture(scope="module")
def base() -> Space:
    return loads(BASE)


def changed(*pairs: tuple[str, str], **parameters: int) -> Difference:
    text = BASE
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return compare(loads(BASE), loads(text, **parameters))


def edges(difference: Difference) -> dict[str, str]:
    return {c.edge.name: c.kind for c in difference.edges}


@pytest.mark.parametrize("name", shipped_spaces())
def test_equal_spaces_have_no_difference(name):
    space = load(name)
    assert space == load(name)
    assert compare(space, load(name)).same


def test_names_and_comments_make_no_difference(base):
    assert compare(base, loads("# A comment.\n" + BASE.replace("space base", "space other"))).same


def test_a_space_that_differs_is_not_the_same(base):
    for old, new in (
        *(("width = 8", "width = 9"), ("then relu", "then tanh"), ("[3, 4, 4]", "[5, 4, 4]")),
        *(("conv(1)", "conv(5)"), ("identity | none", "none | identity"), ("normal b", "link b")),
    ):
        extra = " = conv(3)" if new == "link b" else ""
        text = BASE.replace(old, new).replace("link b -> c", f"link b -> c{extra}")
        assert loads(text) != base
        assert not compare(base, loads(text)).same, new


def test_the_other_way_round_is_the_opposite(base):
    there = changed(("b, c [", "b, c, d ["), ("normal b -> c", "normal b -> {c, d}\nnormal d -> c"))
    back = compare(there.new, there.old)
    flipped = {"added": "removed", "removed": "added", "changed": "changed"}
    assert edges(back) == {name: flipped[kind] for name, kind in edges(there).items()}
    assert {c.name: flipped[c.kind] for c in back.nodes} == {c.name: c.kind for c in there.nodes}
    assert edges(there) == {"b->d": "added", "d->c": "added"}


def test_parameters_and_the_shapes_that_follow():
    difference = changed(width=16)
    assert difference.parameters == (Change("width", "8", "16"),)
    assert {c.name for c in difference.nodes} == {"a", "b", "c"}
    assert difference.nodes[0].changes == (Change("shape", "8x4x4", "16x4x4"),)
    assert difference.edges == ()
    more = changed(("width = 8", "width = 8, extra = 1"))
    assert more.parameters == (Change("extra", None, "1"),)


def test_what_a_node_applies_and_how_it_merges():
    difference = changed(
        ("node a, b, c [width, 4, 4] then relu", "node a, b [width, 4, 4] then relu\n"
         "node c [width, 4, 4] merge mean"),
    )  # fmt: skip
    (node,) = difference.nodes
    assert node.name == "c"
    assert {c.name: c.sides for c in node.changes} == {
        "merge": ("sum", "mean"),
        "then": ("relu", "nothing"),
    }


def test_candidates_added_and_removed_with_their_costs():
    difference = changed(("normal b -> c", "normal b -> c = conv(3) | conv(5)"))
    (edge,) = difference.edges
    assert [c.text for c in edge.removed] == ["identity", "none"]
    assert [c.text for c in edge.added] == ["conv(5)"]
    assert edge.chosen is None
    weights = {k: 8 * 8 * k * k + 8 for k in (3, 5)}
    assert edge.old_cost is not None
    assert edge.new_cost is not None
    assert attrs.astuple(edge.old_cost[0]) == (0, weights[3])
    assert attrs.astuple(edge.new_cost[0]) == (weights[3], weights[5])
    assert attrs.astuple(edge.new_cost[1]) == (8 * 8 * 9 * 16, 8 * 8 * 25 * 16)


def test_an_edge_of_another_type_tells_so():
    difference = changed(("normal b -> c", "link b -> c = conv(3) | identity | none"))
    (edge,) = difference.edges
    assert {c.name: c.sides for c in edge.changes} == {
        "type": ("normal", "link"),
        "contract": ("keeps", "nothing"),
    }
    assert edge.removed == edge.added == ()


def test_the_order_of_edges_is_told(base):
    text = BASE.replace(
        "normal a -> {b, c}\nnormal b -> c\n", "normal b -> c\nnormal a -> {b, c}\n"
    )
    difference = compare(base, loads(text))
    assert difference.reordered
    assert not difference.same
    assert difference.edges == difference.nodes == ()


def test_a_genotype_against_its_space_and_another():
    space, ours = load("paper", classes=10), load("paper-cifar10")
    chosen = compare(space, ours)
    assert chosen.nodes == chosen.parameters == ()
    assert edges(chosen) == {e.name: "changed" for e in space.choices}
    theirs = load("paper-cifar100", classes=10)
    old, new = ({e.name: e.candidates[0].text for e in g.edges} for g in (ours, theirs))
    told = {c.edge.name: c.chosen for c in compare(ours, theirs).edges}
    assert {name: (a.text, b.text) for name, (a, b) in told.items() if a} == {
        name: (old[name], new[name]) for name in old if old[name] != new[name]
    }


CELLS = """space cells(width = 4)
block cell(side) {
  in n1 [width, side, side]
  out n2 [width, side, side]
  link n1 -> n2 = conv(3)
}
input z [4]: noise
output image [3, 4, 4]
B1 = cell(4)
B2 = cell(4)AFTER
link z -> B1.n1 = linear
LINK
link B2.n2 -> image = conv(1)
"""


def test_a_bound_port_is_the_node_that_it_is_bound_to():
    bound = loads(CELLS.replace("AFTER", " after B1").replace("LINK\n", ""))
    free = loads(CELLS.replace("AFTER", "").replace("LINK", "link B1.n2 -> B2.n1 = conv(5)"))
    difference = compare(bound, free)
    assert [(c.name, c.kind) for c in difference.nodes] == [("B2.n1", "added")]
    assert edges(difference) == {"B1.n2->B2.n1": "added"}
    assert edges(compare(free, bound)) == {"B1.n2->B2.n1": "removed"}


def test_a_node_may_be_called_as_its_port_was():
    bound = loads(CELLS.replace("AFTER", " after B1").replace("LINK\n", ""))
    new_name = {"B1.n2": "B2.n1"}
    nodes = {new_name.get(n.name, n.name): n for n in bound.nodes.values()}
    renamed = attrs.evolve(
        bound.program,
        nodes={name: attrs.evolve(node, name=name, aliases=()) for name, node in nodes.items()},
        edges=tuple(
            attrs.evolve(
                edge,
                source=new_name.get(edge.source, edge.source),
                target=new_name.get(edge.target, edge.target),
            )
            for edge in bound.edges
        ),
    )
    for difference in (compare(bound, Space(renamed)), compare(Space(renamed), bound)):
        (node,) = difference.nodes
        assert [c.name for c in node.changes] == ["name"]
        assert difference.edges == ()


def test_what_changed_alike_is_grouped_by_type():
    difference = changed(("identity | none", "none | conv(7)"))
    (group,) = edge_groups(difference)
    assert (group.whole, len(group.changes)) == ("normal", 3)
    some = changed(("normal b -> c", "normal b -> c = conv(3) | none"))
    assert [g.whole for g in edge_groups(some)] == [None]
    (nodes,) = node_groups(changed(width=16))
    assert [c.name for c in nodes] == ["a", "b", "c"]


def test_every_change_is_in_one_group():
    difference = compare(load("gdfq-cifar"), load("paper"))
    grouped = [id(c) for g in edge_groups(difference) for c in g.changes]
    assert sorted(grouped) == sorted(map(id, difference.edges))
    assert {g.whole for g in edge_groups(difference)} == {None, "up", "normal", "cross"}


TIED = """space tied
choice norm = bn | identity
input z [4]: noise
node a, b [4]
output image [4]
link z -> a = linear | identity
link a -> b = norm >> linear
link b -> image = linear | identity
"""


def test_choices_and_what_depends_on_them():
    old = loads(TIED)
    other = TIED.replace("bn | identity", "bn | layer_norm")
    difference = compare(old, loads(other))
    assert difference.restrictions == (Change("choice norm", "bn | identity", "bn | layer_norm"),)
    assert edges(difference) == {"a->b": "changed"}
    shared = compare(old, loads(TIED + "share choice z -> a, b -> image\n"))
    (change,) = shared.edges
    assert (change.edge.name, change.changes) == (
        "b->image",
        (Change("depends on", None, "z->a"),),
    )
    weights = compare(loads(TIED + "share choice z -> a, b -> image\n"), old)
    assert weights.edges[0].changes == (Change("depends on", "z->a", None),)


def test_chosen_options_differ_even_where_no_edge_shows_it():
    space = loads(TIED.replace("norm >> linear", "norm >> linear | none"))
    one, other = space.genotype((0, 0, 1, 0)), space.genotype((1, 0, 1, 0))
    assert compare(one, other).restrictions == (Change("choice norm", "bn", "identity"),)
