"""Counts and costs under rules and limits, against listing every architecture."""

from __future__ import annotations

import pytest

from autorecon.graph import Space, load, loads
from autorecon.graph.counting import decision_diagram, limited_sums
from autorecon.graph.counting.cost import Interval
from autorecon.graph.valid import extent
from autorecon.graph.valid.extent import MAX_LISTED
from autorecon.lang import SpaceError

PAPER = load("paper").text


def test_large_tied_spaces_are_summed_case_by_case() -> None:
    """Every architecture has some number of `identity` on these edges, tied or not."""
    tied = PAPER + "share choice B1.n2 -> B1.n4, B2.n2 -> B2.n4, B3.n4 -> B3.n5\n"
    rules = [f"rule exactly {n} identity in B3\n" for n in range(6)]
    spaces = [loads(tied + rule) for rule in rules]
    whole = loads(tied)
    assert sum(space.valid_architectures for space in spaces) == whole.valid_architectures
    assert min(space.cost.macs.min for space in spaces) == whole.cost.macs.min
    assert max(space.cost.parameters.max for space in spaces) == whole.cost.parameters.max


def test_tied_edges_are_counted_each_and_shared_weights_once() -> None:
    text = """
space both
choice norm = bn | layer_norm(affine=false)
input z [4]: noise
node a, b [4]
output image [4]
link z -> {a, b} = norm >> linear
link {a, b} -> image = identity
share weights z -> a, z -> b
rule at most one bn
"""
    # One choice makes two edges `bn`: what is left is the other one, with 4 * 4 + 4 weights.
    space = loads(text)
    assert (space.architectures, space.valid_architectures) == (2, 1)
    assert space.cost.parameters == Interval(20, 20)
    with pytest.raises(SpaceError, match="E0302"):
        loads(text + "rule at most one norm\n")


def test_large_entangled_spaces_have_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    space = loads(f"{PAPER}limit params <= 1.1M\nrule at most 9 none\n")
    assert space.architectures > MAX_LISTED
    monkeypatch.setattr(decision_diagram, "MAX_STEPS", 10)
    again = Space(space.program)
    assert again.valid_architectures is again.distinct_architectures is None
    assert not again.cost.exact
    assert again.cost.parameters.max == 1_100_000
    assert again.cost.macs.min <= space.cost.macs.min <= space.cost.macs.max <= again.cost.macs.max


def test_limits_with_too_many_costs_have_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    space = loads(f"{PAPER}limit params <= 1.1M\n")
    assert space.cost.exact
    monkeypatch.setattr(limited_sums, "MAX_TERMS", 1_000)
    assert Space(space.program).valid_architectures is None
    assert Space(space.program).cost.parameters == Interval(115_667, 1_100_000)


def test_a_limit_and_its_opposite_share_the_paper_space() -> None:
    """What a limit leaves and what it takes are all valid architectures together."""
    within = loads(f"{PAPER}limit macs <= 120M\n")
    beyond = loads(f"{PAPER}limit macs >= 120000001\n")
    assert within.cost.macs.max <= 120_000_000 < beyond.cost.macs.min
    for name in ("valid_architectures", "distinct_architectures"):
        whole = getattr(load("paper"), name)
        assert getattr(within, name) + getattr(beyond, name) == whole


def test_rules_share_the_paper_space_by_what_they_count() -> None:
    """Every architecture has some number of `identity` on its last cell's edges."""
    rules = [f"rule exactly {n} identity in B3\n" for n in range(6)]
    counts = [loads(PAPER + rule).valid_architectures for rule in rules]
    assert sum(counts) == load("paper").valid_architectures


def test_what_is_not_live_is_counted_by_rules_and_not_by_limits() -> None:
    text = """
space small
input z [3]: noise
node a [3]
output image [3]
link z -> a = linear | none
link z -> image = identity
link a -> image = linear | none
"""
    whole, ruled = loads(text), loads(text + "rule at most 0 none from a\n")
    # Without `none` from a, the edge into it may still be `none`: the same generator as before.
    assert (whole.valid_architectures, whole.distinct_architectures) == (4, 2)
    assert (ruled.valid_architectures, ruled.distinct_architectures) == (2, 2)
    limited = loads(text + "limit params <= 0\n")
    assert (limited.valid_architectures, limited.distinct_architectures) == (3, 1)


def test_the_sum_of_an_extent_starts_from_nothing() -> None:
    value = (3, 1, 2, 5, 6, 0, 4)
    assert extent.EXTENT.plus(extent.EXTENT.zero, value) == value
    assert extent.EXTENT.times(extent.EXTENT.one, value) == value
