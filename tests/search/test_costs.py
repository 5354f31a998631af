"""Costs as the objective sees them, against the exact ones of the graph."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import attrs
import pytest
import torch

import autorecon
from autorecon import Space
from autorecon.lang import Decision
from autorecon.lang.program.flow import is_cut
from autorecon.search import SearchError
from autorecon.search.costs import ExpectedCost, mean_entropy


def probabilities(space, seed=0):
    random = torch.Generator().manual_seed(seed)
    return {
        d.name: torch.randn(len(d.options), generator=random, dtype=torch.float64).softmax(0)
        for d in space.decisions
    }


@pytest.mark.parametrize("name", ["paper", "adversarialnas"])
def test_means_are_those_of_the_graph(name):
    space = autorecon.load(name)
    p = probabilities(space)
    found = ExpectedCost(space)(p)
    expected = space.expected_cost({k: v.tolist() for k, v in p.items()})
    for measure in ("parameters", "macs"):
        relative = getattr(expected, measure) / getattr(space.cost, measure).max
        assert float(getattr(found, measure)) == pytest.approx(relative, rel=1e-12)


# Two cells in a row, each with an edge that may be cut: the mean is a ratio, as `valid` < 1.
CUT = """space cut()
input z [3]: noise
node a [3]
node b [4]
output image [5]
link z -> a = none | identity | linear
link z -> b = none | linear
link a -> b = linear | linear(bias=false) | none
link b -> image = linear | linear(bias=false)
link a -> image = none | linear
"""


def test_a_choice_that_one_edge_names_is_weighed_as_an_edges_own():
    named = CUT.replace("image = linear | linear(bias=false)", "image = last")
    space = autorecon.loads(named + "choice last = linear | linear(bias=false)\n")
    p = probabilities(autorecon.loads(CUT))
    own = ExpectedCost(autorecon.loads(CUT))(p)
    found = ExpectedCost(space)({**p, "last": p["b->image"]})
    assert torch.equal(found.macs, own.macs)
    assert torch.equal(found.parameters, own.parameters)


def test_rules_hold_but_those_that_name_choices():
    named = CUT.replace("image = linear | linear(bias=false)", "image = last")
    named += "choice last = linear | linear(bias=false)\n"
    rules = (
        "rule if a -> b = none then z -> a != linear",
        "rule if last = linear then a -> b != none",
    )
    one, both = autorecon.loads(named + rules[0]), autorecon.loads("\n".join([named, *rules]))
    p = probabilities(one)
    macs = one.expected_cost({k: v.tolist() for k, v in p.items()}).macs
    assert macs != autorecon.loads(named).expected_cost({k: v.tolist() for k, v in p.items()}).macs
    for space in (one, both):
        found = float(ExpectedCost(space)(p).macs) * space.cost.macs.max
        assert found == pytest.approx(macs, rel=1e-12)


def test_gradients_are_the_differences_of_exact_means():
    space = autorecon.loads(CUT)
    p = {name: v.requires_grad_() for name, v in probabilities(space).items()}
    slopes = torch.autograd.grad(ExpectedCost(space)(p).macs, list(p.values()))
    plain = {name: [Fraction(x) for x in v.tolist()] for name, v in p.items()}
    step = Fraction(1, 10**7)
    for (name, values), slope in zip(plain.items(), slopes, strict=True):
        # Probability moves from the last option to the first, so that the sum stays one.
        moved = [values[0] + step, *values[1:-1], values[-1] - step]
        difference = (
            space.expected_cost(plain | {name: moved}).macs - space.expected_cost(plain).macs
        )
        exact = float(difference / step / space.cost.macs.max)
        assert float(slope[0] - slope[-1]) == pytest.approx(exact, rel=1e-5)


SIZED = """space sized()
choice width = 3 | 1 | 4
choice wide = 2 | 5
input z [3]: noise
node a [width]
node b [2*wide] then prelu
output image [5]
link z -> a = none | linear
link z -> b = none | linear
link a -> b = linear | linear(bias=false) | none
link {a, b} -> image = none | linear
"""


def test_sizes_are_weighed_by_their_choices():
    space = autorecon.loads(SIZED)
    p = {name: v.requires_grad_() for name, v in probabilities(space).items()}
    found = ExpectedCost(space)(p)
    exact = space.expected_cost({name: v.tolist() for name, v in p.items()})
    assert found.macs.item() == pytest.approx(exact.macs / space.cost.macs.max, rel=1e-12)
    slopes = torch.autograd.grad(found.parameters, [p["width"], p["wide"]])
    # More channels cost more, in the order of their sizes.
    assert slopes[0].argsort().tolist() == [1, 0, 2]
    assert slopes[1].argsort().tolist() == [0, 1]


def tied(space):
    """The same with one decision for its first two edges, and a third that depends on it too."""
    program = space.program
    a, b, *rest = program.edges
    edges = (
        attrs.evolve(a, axes=("both",), table=(1, 0, 2)),
        attrs.evolve(b, axes=("both",), table=(1, 0, 1)),
        attrs.evolve(rest[0], axes=("a->b", "both"), table=(0, 1, 2, 1, 1, 0, 2, 2, 1)),
        *rest[1:],
    )
    own = {name: d for name, d in program.decisions.items() if name not in ("z->a", "z->b")}
    decisions = {"both": Decision("both", "both", ("p", "q", "r"))} | own
    return Space(attrs.evolve(program, edges=edges, decisions=decisions))


def test_means_where_edges_share_decisions_are_those_over_all_picks():
    space = tied(autorecon.loads(CUT))
    p = probabilities(space)
    valid, macs = 0.0, 0.0
    for picks in product(*(range(len(d.options)) for d in space.decisions)):
        index = dict(zip(p, picks, strict=True))
        share = math.prod(float(p[name][k]) for name, k in index.items())
        cost = decided(space, index)
        if cost is not None:
            valid, macs = valid + share, macs + share * cost
    assert float(ExpectedCost(space)(p).macs) == pytest.approx(macs / valid / space.cost.macs.max)


def decided(space, index):
    """The multiply-accumulates of one architecture; None where it is cut."""
    program = space.program
    edges = [e.decided(e.candidates[program.candidate(e, index)]) for e in program.edges]
    kept = [e for e in edges if not e.is_cut]
    if is_cut(program.nodes, kept):
        return None
    whole = attrs.evolve(program, edges=tuple(edges), decisions={})
    return Space(whole).cost.macs.max


def test_entropy_is_one_for_uniform_and_zero_for_decided():
    uniform, decided = torch.full((5,), 0.2), torch.tensor([0.0, 1.0])
    assert float(mean_entropy({"a": uniform})) == pytest.approx(1)
    assert float(mean_entropy({"a": uniform, "b": decided})) == pytest.approx(0.5)
    two = torch.tensor([0.25, 0.75])
    nats = -0.25 * math.log(0.25) - 0.75 * math.log(0.75)
    assert float(mean_entropy({"a": two})) == pytest.approx(nats / math.log(2))


def test_a_space_too_entangled_is_told(monkeypatch):
    monkeypatch.setattr("autorecon.graph.counting.decision_diagram.MAX_STEPS", 3)
    with pytest.raises(SearchError, match="too entangled for cost terms"):
        ExpectedCost(autorecon.loads(CUT))
