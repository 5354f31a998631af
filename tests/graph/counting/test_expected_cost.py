"""Mean costs, in exact fractions, against listing every architecture."""

from __future__ import annotations

import pytest

from autorecon.graph import load, loads
from autorecon.graph.counting import decision_diagram
from autorecon.graph.counting.expected_cost import NotProbabilities
from autorecon.lang import resource_folder

TEXT = """
space pair
input z [3]: noise
node a [3] then bn
output image [3]
link z -> a = linear | none
link z -> image = identity | none
link a -> image = identity
"""


def test_certainty_costs_what_the_genotype_does() -> None:
    space = load(resource_folder("spaces") / "paper.space")
    picks = tuple(min(2, len(e.candidates) - 1) for e in space.choices)
    picks = tuple(
        0 if e.candidates[p].is_none else p for e, p in zip(space.choices, picks, strict=True)
    )
    certain = {
        edge.name: [1.0 if index == pick else 0.0 for index in range(len(edge.candidates))]
        for edge, pick in zip(space.choices, picks, strict=True)
    }
    found, cost = space.expected_cost(certain), space.genotype(picks).cost
    assert found is not None
    assert (found.valid, found.parameters, found.macs) == (1, cost.parameters.max, cost.macs.max)
    assert found.activations == cost.activations.max


def test_means_are_over_valid_architectures() -> None:
    found = loads(TEXT).expected_cost({"z->a": [0.5, 0.5], "z->image": [0.5, 0.5]})
    assert found is not None
    assert found.valid == 0.75
    assert found.parameters == pytest.approx((0.25 * 18 + 0.25 * 18 + 0) / 0.75)


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({}, "z->a needs 2 probabilities"),
        ({"z->a": [1.0]}, "z->a needs 2 probabilities"),
        ({"z->a": [0.5, 0.6]}, "z->a do not add up to one"),
        ({"z->a": [1.5, -0.5]}, "z->a do not add up to one"),
        ({"z->a": [0, 1], "z->image": [0, 1]}, "no architecture is valid"),
    ],
)
def test_what_are_no_probabilities_is_refused(given_: dict, message: str) -> None:
    with pytest.raises(NotProbabilities, match=message):
        loads(TEXT).expected_cost(given_)


def test_an_entangled_space_has_no_exact_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_diagram, "MAX_STEPS", 3)
    assert loads(TEXT).expected_cost({"z->a": [1, 0], "z->image": [1, 0]}) is None
