"""Costs and counts, against listing every architecture of small random spaces."""

from __future__ import annotations

from itertools import pairwise

import pytest

from autorecon.graph import load, loads
from autorecon.graph.counting import decision_diagram
from autorecon.graph.counting.cost import CostInterval, Interval
from autorecon.lang import resource_folder

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
    space = loads(FORCED)
    assert space.cost.parameters == Interval(12 + 6, 3 * 12 + 2 * 6)
    assert space.distinct_architectures == space.valid_architectures == 2


def test_architectures_with_one_live_part_count_once() -> None:
    text = FORCED.replace("link z -> a = linear", "link z -> a = linear | identity | none")
    space = loads(text)
    # Valid: 3 * 2, all. Live parts: `b` alone, or with `a` over linear or identity.
    assert space.valid_architectures == 6
    assert space.distinct_architectures == 3


def test_architectures_without_noise_are_not_valid() -> None:
    space = loads("""
space labelled
input z [3]: noise
input y: label(5)
node a [3]
output image [3]
link z -> a = identity | none
link y -> a = embed | none
link a -> image = linear
""")
    assert space.valid_architectures == 2
    assert space.cost.parameters == Interval(12, 12 + 15)


def test_an_edge_into_a_concatenation_keeps_its_channels() -> None:
    space = loads("""
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
""")
    linear, convolutions = 3 * 16 + 16, (4 * 4 + 4) + (9 * 4 * 4 + 4)
    assert space.cost.parameters == Interval(*[linear + convolutions + 8] * 2)


def test_the_human_designed_generator_costs_what_its_code_does() -> None:
    space = load(resource_folder("spaces") / "gdfq-cifar.space")
    # Activations: z, y, code, seed, low, high and image; then the edges in the order of the text.
    activations = 100 + 1 + 100 + 2 * 8_192 + 3 * 32_768 + 3 * 65_536 + 3_072
    activations += 100 + 8_192 + 2 * 32_768 + (131_072 + 65_536) + 3 * 3_072
    expected = CostInterval(
        *(Interval(cost, cost) for cost in (1_061_139, 115_834_880, activations))
    )
    assert space.cost == expected
    assert space.distinct_architectures == space.valid_architectures == 1


def test_the_paper_space_is_answered_exactly() -> None:
    space = load(resource_folder("spaces") / "paper.space")
    assert space.cost.exact
    # The least: one path of identities and resizes, and the three edges without a choice.
    assert space.cost == CostInterval(
        Interval(115_667, 1_653_779),
        Interval(1_871_872, 689_999_872),
        Interval(360_749, 2_142_509),
    )
    assert space.valid_architectures == 161_455_006_304_643_456_000
    assert space.distinct_architectures == 127_624_643_852_946_950_064


def test_a_long_chain_is_no_harder_than_its_length() -> None:
    names = ["z", *(f"n{i}" for i in range(150)), "image"]
    links = [f"link {a} -> {b} = identity | linear" for a, b in pairwise(names)]
    declared = ["input z [3]: noise", f"node {', '.join(names[1:-1])} [3]", "output image [3]"]
    space = loads("\n".join(["space chain", *declared, *links]))
    assert space.distinct_architectures == 2**151
    assert space.cost.parameters == Interval(0, 151 * 12)


def test_branches_side_by_side_are_no_harder_than_their_number() -> None:
    names = [f"n{i}" for i in range(100)]
    links = [f"link z -> {n} = linear | none\nlink {n} -> image = identity | none" for n in names]
    declared = ["input z [3]: noise", f"node {', '.join(names)} [3]", "output image [3]"]
    space = loads("\n".join(["space wide", *declared, *links]))
    assert space.valid_architectures == 4**100 - 3**100
    assert space.distinct_architectures == 2**100 - 1
    assert space.cost.parameters == Interval(12, 100 * 12)


def test_an_entangled_space_gets_outer_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    space = load(resource_folder("spaces") / "paper.space")
    exact = space.cost
    monkeypatch.setattr(decision_diagram, "MAX_STEPS", 100)
    space = load(resource_folder("spaces") / "paper.space")
    outer = space.cost
    assert not outer.exact
    assert (outer.parameters.max, outer.macs.max) == (exact.parameters.max, exact.macs.max)
    # One path from z; every architecture has the label's embedding and its first activations too.
    assert 0.7 * exact.parameters.min < outer.parameters.min < exact.parameters.min
    assert 0.7 * exact.macs.min < outer.macs.min <= exact.macs.min
    assert space.distinct_architectures is None
    assert space.valid_architectures is None


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


def test_every_analysis_takes_a_label_without_edges():
    space = load("paper-norm-inside")
    with_edges = load("paper")
    assert space.paths.longest == with_edges.paths.longest - 1  # `code` is not on the way
    found = space.genotype((0,) * len(space.choices))
    assert space.decode(space.encode(found)) == found
    assert space.from_id(space.architecture_id(found)) == found
    assert space.canonical(found).architectures == 1
    # Noise enters each block, so that fewer choices cut it off.
    assert space.architectures > space.valid_architectures > with_edges.valid_architectures
