"""Passes: what each makes of a plan, told from the plan alone. What nets compute is in tests/nn."""

from __future__ import annotations

import attrs
import pytest

import autorecon
from autorecon.lang.operations.spec import OWN
from autorecon.lowering import PASSES, Plan, check_plan, lower, optimise
from autorecon.lowering.fourier import Fourier
from autorecon.lowering.fuse import grids
from autorecon.lowering.plan import Apply, Convolve, Grid, Merge, Term
from autorecon.lowering.repeated import repeats_pay

PAPER = autorecon.load("paper", width=8)


def convolutions(plan: Plan) -> list[Convolve]:
    return [step for step in plan.steps if isinstance(step, Convolve)]


def without_spectra(space: autorecon.Space) -> Plan:
    plan = lower(space)
    for change in PASSES:
        plan = plan if isinstance(change, Fourier) else change(plan)
    return plan


def edge(candidates: str, then: str = "", low: str = "[4, 4, 4]") -> Plan:
    """The optimised plan of a space with one edge of these candidates, to a node of 8x8."""
    text = f"""space one
    input z [4]: noise
    node a {low}
    node b [4, 8, 8] {then}
    output image [4, 8, 8]
    link z -> a = linear
    link a -> b = {candidates}
    link b -> image = conv(5)
    """
    return optimise(lower(autorecon.loads(text)))


def test_five_convolutions_need_fifty_taps():
    five = [Grid(1, 1), Grid(3, 1), Grid(5, 1), Grid(3, 2), Grid(5, 2)]
    assert grids(five) == (Grid(5, 1), Grid(5, 2))
    assert grids([Grid(3, 2), Grid(1, 1)]) == (Grid(3, 2),)
    assert grids([Grid(3, 1), Grid(3, 2)]) == (Grid(3, 1), Grid(3, 2))
    assert grids([Grid(3, 1), Grid(3, 2), Grid(5, 1)]) == (Grid(5, 1),)


def test_each_block_of_the_paper_is_two_stacks_and_two_convolutions():
    found = convolutions(without_spectra(PAPER))
    assert len(found) == 3 * 4 + 1
    stacks = [step for step in found if len(step.outs) == 2]
    assert [step.sources for step in stacks[:2]] == [("B1.n2", "B1.n3")] * 2
    assert {len(block) for block in stacks[0].kernels[0]} == {5}  # and the identity
    assert {len(block) for block in stacks[1].kernels[0]} == {1}


def test_every_pass_leaves_a_valid_plan():
    for space in (PAPER, autorecon.load("adversarialnas", width=8)):
        plan = lower(space)
        for change in PASSES:
            plan = change(plan)
            check_plan(plan)


def test_only_what_leads_to_the_image_is_lowered():
    kept = {e.name: (len(e.candidates) - 1,) for e in PAPER.choices}  # none, but up edges
    with pytest.raises(ValueError, match="nothing leads"):
        lower(PAPER, kept)
    path = {"B1.n2->n5": (1,), "B2.n3->n5": (1,), "B3.n3->n5": (2,)}
    made = {out for step in lower(PAPER, kept | path).steps for out in step.outs}
    assert {"B1.n2", "B2.n3", "B3.n3"} <= made
    assert not {"B1.n3", "B1.n4", "B2.n2", "B3.n2"} & made


def test_activation_norm_and_dilated_convolution_go_before_a_nearest_resize():
    plan = edge("nearest >> bn >> relu >> conv(5, dilation=2)")
    (low, last) = convolutions(plan)
    assert low.grid == Grid(5, 1)
    assert low.shapes == ((4, 4, 4),)
    assert (last.grid, last.scale) == (Grid(5, 1), 2)
    assert not [s for s in plan.steps if isinstance(s, Apply) and s.op.name == "nearest"]
    (norm,) = (s for s in plan.steps if isinstance(s, Apply) and s.op.name == "bn")
    assert norm.copies == 4


def test_bilinear_stops_what_is_not_linear():
    (last,) = convolutions(edge("bilinear", "then relu"))
    assert last.scale == 1
    pointwise, last = convolutions(edge("bilinear >> conv(1)", "then relu"))
    assert pointwise.shapes == ((4, 4, 4),)
    assert last.scale == 1


def test_resizes_that_do_not_repeat_pixels_evenly_stay():
    for low in ("[4, 3, 3]", "[4, 2, 4]", "[4, 16, 16]"):
        plan = edge("nearest", "then relu", low)
        assert convolutions(plan)[-1].scale == 1
        assert [s.op.name for s in plan.steps if isinstance(s, Apply)][-1] == "relu"


def test_a_map_of_one_position_is_normalised_where_it_has_more():
    plan = edge("nearest", "then bn", "[4, 1, 1]")
    (norm,) = (s for s in plan.steps if isinstance(s, Apply) and s.op.name == "bn")
    assert norm.copies == 1


def test_a_relu_before_several_convolutions_is_done_once():
    plan = edge("relu >> conv(1) | relu >> conv(3) | relu >> conv(5)", low="[4, 8, 8]")
    assert [s.op.name for s in plan.steps if isinstance(s, Apply)] == ["linear", "relu"]
    assert len(convolutions(plan)) == 2


def test_a_users_own_operation_is_left_alone(monkeypatch):
    def own(source, target):
        return autorecon.OpPlan(source, object)

    autorecon.op(own)
    monkeypatch.setitem(OWN, "own", OWN.pop("own"))
    plan = edge("nearest >> own >> conv(1) | nearest >> own >> conv(3)")
    applied = [step for step in plan.steps if isinstance(step, Apply)]
    assert [step.op.name for step in applied] == ["linear", "nearest", "own", "own"]
    assert applied[-1].shape == (4, 8, 8)


def test_repeats_pay_for_large_kernels():
    assert repeats_pay(Grid(5, 1), 2)
    assert repeats_pay(Grid(3, 1), 2)
    assert not repeats_pay(Grid(3, 3), 2)


def test_faults_of_a_plan_are_found():
    plan = optimise(lower(PAPER))
    steps = plan.steps
    first = attrs.evolve(steps[-1], out="again")
    for broken in (
        attrs.evolve(plan, steps=tuple(reversed(steps))),
        attrs.evolve(plan, steps=(*steps, steps[-1])),
        attrs.evolve(plan, steps=(*steps, first)),
        attrs.evolve(plan, steps=steps[:-1]),
    ):
        with pytest.raises(ValueError, match=r"before|twice|nothing uses|never"):
            check_plan(broken)


def test_sums_of_several_edges_are_one_sum():
    (n4,) = (s for s in optimise(lower(PAPER)).steps if s.outs == ("B2.n4.sum",))
    assert isinstance(n4, Merge)
    assert len(n4.terms) == 4  # two grids, nearest and bilinear
    assert all(isinstance(term, Term) and term.weight is None for term in n4.terms)
