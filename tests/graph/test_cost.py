"""Costs and counts, against listing every architecture of small random spaces."""

from __future__ import annotations

from itertools import combinations, pairwise, product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autorecon.graph import frontier, load, loads
from autorecon.graph.cost import (
    CostInterval,
    Interval,
    cost_interval,
    distinct_architectures,
    valid_architectures,
)
from autorecon.lang import Program, SpaceError, resource_folder

VECTOR_CANDIDATES = [
    "linear",
    "identity",
    "none",
    "none | identity",
    "linear | none",
    "linear | linear(bias=false) | none",
    "identity | linear >> tanh",
]
LABEL_CANDIDATES = ["embed", "embed | none", "none | embed >> linear"]
NODE_RULES = ["", " merge product", " then bn", " merge mean then linear(bias=false) >> relu"]


@st.composite
def small_spaces(draw: st.DrawFn) -> str:
    """A space of one to three inputs, up to four nodes and an output, joined at random."""
    inputs = ["z", *draw(st.sampled_from([[], ["y"], ["w"], ["y", "w"]]))]
    inner = [f"n{i}" for i in range(draw(st.integers(1, 4)))]
    lines = ["space small", "input z [3]: noise"]
    lines += ["input y: label(5)"] * ("y" in inputs) + ["input w [3]: noise"] * ("w" in inputs)
    lines += [f"node {name} [3]{draw(st.sampled_from(NODE_RULES))}" for name in inner]
    lines.append("output image [3]" + draw(st.sampled_from(["", " then bn"])))
    edges = draw(st.lists(st.sampled_from(_pairs(inputs, inner)), max_size=9, unique=True))
    edges += [("z", name) for name in inner if all(t != name for _, t in edges)]
    sources = {source for source, _ in edges}
    edges += [(name, "image") for name in [*inputs, *inner] if name not in sources]
    for source, target in edges:
        candidates = LABEL_CANDIDATES if source == "y" else VECTOR_CANDIDATES
        lines.append(f"link {source} -> {target} = {draw(st.sampled_from(candidates))}")
    return "\n".join(lines) + "\n"


def _pairs(inputs: list[str], inner: list[str]) -> list[tuple[str, str]]:
    ordered = [*inputs, *inner, "image"]
    return [(a, b) for a, b in combinations(ordered, 2) if b not in inputs]


def _checked(text: str) -> Program:
    try:
        space = loads(text)
    except SpaceError:
        assume(False)
    assume(space.architectures <= 300)
    return space.program


def _live_parts(program: Program) -> list[frozenset[tuple[str, str]]]:
    """The live part of each valid architecture: (edge, candidate) pairs."""
    noise = {n.name for n in program.nodes.values() if n.role == "noise"}
    inputs = {n.name for n in program.inputs}
    parts = []
    for choice in product(*(edge.candidates for edge in program.edges)):
        there = {e: c for e, c in zip(program.edges, choice, strict=True) if not c.is_none}
        after = _closure(inputs, [(e.source, e.target) for e in there])
        before = _closure({"image"}, [(e.target, e.source) for e in there])
        if noise & before:
            live = (e for e in there if e.source in after and e.target in before)
            parts.append(frozenset((e.name, there[e].text) for e in live))
    return parts


def _closure(names: set[str], pairs: list[tuple[str, str]]) -> set[str]:
    names = set(names)
    while more := {b for a, b in pairs if a in names} - names:
        names |= more
    return names


def _cost(program: Program, part: frozenset[tuple[str, str]]) -> tuple[int, int]:
    """Parameters and multiply-accumulates of linear(3, 3), embed(5, 3) and bn(3), by hand."""
    known = {
        "linear": (12, 9),
        "linear(bias=false)": (9, 9),
        "identity": (0, 0),
        "linear >> tanh": (12, 9),
        "embed": (15, 0),
        "embed >> linear": (27, 9),
    }
    rules = {"bn": (6, 0), "linear(bias=false) >> relu": (9, 9)}
    nodes = {end for name, _ in part for end in name.split("->")}
    applied = [program.nodes[n].then for n in nodes]
    costs = [known[text] for _, text in part] + [rules[t.text] for t in applied if t]
    return sum(c[0] for c in costs), sum(c[1] for c in costs)


@settings(max_examples=50, deadline=None)
@given(small_spaces())
def test_every_figure_is_what_listing_all_architectures_gives(text: str) -> None:
    program = _checked(text)
    parts = _live_parts(program)
    costs = [_cost(program, part) for part in set(parts)]

    assert valid_architectures(program) == len(parts)
    assert distinct_architectures(program) == len(set(parts))
    assert cost_interval(program) == CostInterval(
        Interval(min(c[0] for c in costs), max(c[0] for c in costs)),
        Interval(min(c[1] for c in costs), max(c[1] for c in costs)),
    )


# Two ways to one live part each: `a` is reached whatever is chosen, but may be of no use.
FORCED = """
space forced
input z [3]: noise
node a [3] then bn
node b [3] then bn
output image [3]
link z -> a = linear
link z -> b = linear
link a -> b = linear | none
link b -> image = identity
"""


def test_a_part_that_leads_nowhere_costs_nothing() -> None:
    program = loads(FORCED).program
    assert cost_interval(program).parameters == Interval(12 + 6, 3 * 12 + 2 * 6)
    assert distinct_architectures(program) == valid_architectures(program) == 2


def test_architectures_with_one_live_part_count_once() -> None:
    text = FORCED.replace("link z -> a = linear", "link z -> a = linear | identity | none")
    program = loads(text).program
    # Valid: 3 * 2, all. Live parts: `b` alone, or with `a` over linear or identity.
    assert valid_architectures(program) == 6
    assert distinct_architectures(program) == 3


def test_architectures_without_noise_are_not_valid() -> None:
    program = loads("""
space labelled
input z [3]: noise
input y: label(5)
node a [3]
output image [3]
link z -> a = identity | none
link y -> a = embed | none
link a -> image = linear
""").program
    assert valid_architectures(program) == 2
    assert cost_interval(program).parameters == Interval(12, 12 + 15)


def test_an_edge_into_a_concatenation_keeps_its_channels() -> None:
    program = loads("""
space joined
input z [3]: noise
node a [4, 2, 2]
node b [8, 2, 2] merge concat
output image [1, 2, 2]
link z -> a = linear
node c [4, 2, 2]
link a -> c = identity
link a -> b = conv(1)
link c -> b = conv(3)
link b -> image = conv(1, bias=false)
""").program
    linear, convolutions = 3 * 16 + 16, (4 * 4 + 4) + (9 * 4 * 4 + 4)
    assert cost_interval(program).parameters == Interval(*[linear + convolutions + 8] * 2)


def test_the_human_designed_generator_costs_what_its_code_does() -> None:
    space = load(resource_folder("spaces") / "gdfq-cifar.space")
    expected = CostInterval(Interval(1_061_139, 1_061_139), Interval(115_834_880, 115_834_880))
    assert space.cost == expected
    assert space.distinct_architectures == space.valid_architectures == 1


def test_the_paper_space_is_answered_exactly() -> None:
    space = load(resource_folder("spaces") / "paper.space")
    assert space.cost.exact
    # The least: one path of identities and resizes, and the three edges without a choice.
    assert space.cost == CostInterval(
        Interval(115_667, 1_653_779), Interval(1_871_872, 689_999_872)
    )
    assert space.valid_architectures == 161_455_006_304_643_456_000
    assert space.distinct_architectures == 127_624_643_852_946_950_064


def test_a_long_chain_is_no_harder_than_its_length() -> None:
    names = ["z", *(f"n{i}" for i in range(150)), "image"]
    links = [f"link {a} -> {b} = identity | linear" for a, b in pairwise(names)]
    declared = ["input z [3]: noise", f"node {', '.join(names[1:-1])} [3]", "output image [3]"]
    program = loads("\n".join(["space chain", *declared, *links])).program
    assert distinct_architectures(program) == 2**151
    assert cost_interval(program).parameters == Interval(0, 151 * 12)


def test_branches_side_by_side_are_no_harder_than_their_number() -> None:
    names = [f"n{i}" for i in range(100)]
    links = [f"link z -> {n} = linear | none\nlink {n} -> image = identity | none" for n in names]
    declared = ["input z [3]: noise", f"node {', '.join(names)} [3]", "output image [3]"]
    program = loads("\n".join(["space wide", *declared, *links])).program
    assert valid_architectures(program) == 4**100 - 3**100
    assert distinct_architectures(program) == 2**100 - 1
    assert cost_interval(program).parameters == Interval(12, 100 * 12)


def test_an_entangled_space_gets_outer_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    space = load(resource_folder("spaces") / "paper.space")
    exact = space.cost
    monkeypatch.setattr(frontier, "MAX_STEPS", 100)
    outer = cost_interval(space.program)
    assert not outer.exact
    assert (outer.parameters.max, outer.macs.max) == (exact.parameters.max, exact.macs.max)
    # One path from z; every architecture has the label's embedding and its first activations too.
    assert 0.7 * exact.parameters.min < outer.parameters.min < exact.parameters.min
    assert 0.7 * exact.macs.min < outer.macs.min <= exact.macs.min
    assert distinct_architectures(space.program) is None
    assert valid_architectures(space.program) is None


def test_a_label_without_edges_costs_where_it_is_read():
    space = loads("""space conditional(classes = 5)
    input z [4]: noise
    input y: label(classes)
    node a [2, 3, 3] then ccbn(y)
    output image [2, 3, 3]
    link z -> a = linear(bias=false)
    link a -> image = ccbn(y) >> conv(1, bias=false) | identity | none
    """)
    linear, norm = 4 * 18, 2 * 2 * 5
    least, most = linear + norm, linear + 2 * norm + 4
    assert space.cost.parameters == Interval(least, most)
    assert (space.valid_architectures, space.distinct_architectures) == (2, 2)
