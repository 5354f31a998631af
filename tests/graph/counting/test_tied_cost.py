"""Spaces in which decisions are tied: what is shared by hand, and what is too entangled."""

from __future__ import annotations

import pytest

from autorecon.graph import loads
from autorecon.graph.counting import decision_diagram
from autorecon.graph.counting.decision_diagram import FrontierTooWide
from autorecon.graph.sampling.sample import DistinctArchitectures
from autorecon.graph.valid.extremes import cheapest, dearest
from autorecon.lang import resource_folder

PAPER = (resource_folder("spaces") / "paper.space").read_text("utf-8")

TWINS = """
space twins
choice norm = bn | identity
input z [3]: noise
node a, b, c [3]
output image [3]
link z -> {a, b, c} = norm >> linear | identity | none
link {a, b, c} -> image = identity
"""


def test_a_space_too_entangled_gets_no_figure_but_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    text = TWINS.replace("norm >> linear", "norm >> linear(bias=false)")
    exact = loads(text)
    monkeypatch.setattr(decision_diagram, "MAX_STEPS", 3)
    space = loads(text)
    assert space.valid_architectures is None
    even = {d.name: [1 / len(d.options)] * len(d.options) for d in space.decisions}
    assert space.expected_cost(even) is None
    assert not space.cost.exact
    assert space.cost.parameters.min <= exact.cost.parameters.min
    assert space.cost.parameters.max >= exact.cost.parameters.max
    assert cheapest(space, "macs") is None
    assert dearest(space, "macs") is None
    assert space.distinct_architectures is None
    with pytest.raises(FrontierTooWide, match="twins is too entangled"):
        DistinctArchitectures(space)


def test_blocks_of_the_paper_that_share_their_choices() -> None:
    """By hand: two up edges of 2, five normal ones of 7 in all blocks, twelve cross ones of 3."""
    space = loads(PAPER + "share choice B1, B2, B3\n")
    assert space.architectures == 2**2 * 7**5 * 3**12
    assert space.distinct_architectures is not None
    assert space.distinct_architectures < space.valid_architectures < space.architectures
    assert space.cost.exact
    one = space.cost
    apart = loads(PAPER).cost
    assert (one.macs.max, one.parameters.max) == (apart.macs.max, apart.parameters.max)
    weights = loads(PAPER + "share weights B1.n4 -> B1.n5, B1.n2 -> B1.n5\n").cost
    assert weights.parameters.max == apart.parameters.max - (64 * 64 * 25 + 64)
