from __future__ import annotations

import attrs
import pytest

from autorecon.graph import Space, load, loads
from autorecon.graph.counting.cost import Interval
from autorecon.graph.valid.extremes import Architecture, cheapest, dearest
from autorecon.lang.program.flow import is_cut

SMALL = """space small(width = 6)
input z [4]: noise
node a, b, c [width, 4, 4] then bn
output image [3, 4, 4]
link z -> a = linear
link a -> b = conv(3) >> relu | identity | none
link a -> c = conv(5) | conv(1) | none
link b -> c = conv(3) | none
link b -> image = conv(1) | none
link c -> image = conv(1) | conv(3)
"""


def check(space: Space, found: Architecture, measure: str, cost: int) -> None:
    edges = tuple(attrs.evolve(e, candidates=(found.choices[e.name],)) for e in space.edges)
    for edge, chosen in zip(space.edges, edges, strict=True):
        assert chosen.candidates[0] in edge.candidates
    one = Space(attrs.evolve(space.program, edges=edges))
    assert not is_cut(one.nodes, (e for e in edges if not e.is_cut))
    assert getattr(one.cost, measure).max == getattr(found, measure) == cost
    live = {e.name for e in edges if not e.is_cut and {e.source, e.target} <= one.live}
    assert set(found.live) == live


@pytest.mark.parametrize("measure", ["parameters", "macs"])
@pytest.mark.parametrize("name", ["paper", "paper-cifar100", "gdfq-cifar"])
def test_they_are_at_the_ends_of_the_interval(name, measure):
    space = load(name)
    interval = getattr(space.cost, measure)
    check(space, cheapest(space, measure), measure, interval.min)
    check(space, dearest(space, measure), measure, interval.max)


@pytest.mark.parametrize("measure", ["parameters", "macs"])
def test_among_equals_the_other_cost_decides(measure):
    space = load("paper")
    found = cheapest(space, measure)
    assert (found.parameters, found.macs) == (115_667, 1_871_872)


def test_a_space_too_entangled_has_no_known_cheapest(monkeypatch):
    monkeypatch.setattr("autorecon.graph.counting.decision_diagram.MAX_STEPS", 10)
    space = loads(SMALL)
    assert cheapest(space, "macs") is None
    assert dearest(space, "macs").macs == space.cost.macs.max


def test_candidates_step_by_step():
    space = loads(SMALL)
    edge = next(e for e in space.edges if e.name == "a->b")
    pipeline, identity, none = edge.candidates
    assert [(s.op.name, s.before, s.after) for s in pipeline.steps] == [
        ("conv", (6, 4, 4), (6, 4, 4)),
        ("relu", (6, 4, 4), (6, 4, 4)),
    ]
    assert (pipeline.parameters, pipeline.macs) == (6 * 6 * 9 + 6, 6 * 6 * 9 * 16)
    assert (identity.parameters, len(identity.steps)) == (0, 1)
    assert none.steps == ()
    ranges = [Interval.of(getattr(c, m) for c in edge.candidates) for m in ("parameters", "macs")]
    assert [attrs.astuple(r) for r in ranges] == [(0, 330), (0, 5184)]
