"""Mean costs, in exact fractions, against listing every architecture."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autorecon.graph import Space, load, loads
from autorecon.graph.counting import decision_diagram as frontier
from autorecon.graph.counting.cost import measures
from autorecon.graph.counting.expected_cost import NotProbabilities
from autorecon.lang import resource_folder

LiveParts = Callable[[Space], dict[tuple[int, ...], frozenset[tuple[str, str]]]]

TEXT = """
space pair
input z [3]: noise
node a [3] then bn
output image [3]
link z -> a = linear | none
link z -> image = identity | none
link a -> image = identity
"""


def _probabilities(space: Space, data: st.DataObject) -> dict[str, list[Fraction]]:
    drawn = {}
    for edge in space.choices:
        size = len(edge.candidates)
        parts = data.draw(st.lists(st.integers(1, 5), min_size=size, max_size=size))
        drawn[edge.name] = [Fraction(part, sum(parts)) for part in parts]
    return drawn


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_means_are_those_over_all_architectures(
    small_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(small_spaces)
    probabilities = _probabilities(space, data)
    valid, means = Fraction(0), [Fraction(0)] * 3
    for picks, part in live_parts(space).items():
        weight = Fraction(1)
        for edge, pick in zip(space.choices, picks, strict=True):
            weight *= probabilities[edge.name][pick]
        valid += weight
        means = [m + weight * c for m, c in zip(means, _costs(space, part), strict=True)]
    found = space.expected_cost(probabilities)
    assert found is not None
    assert found.valid == valid
    expected = [mean / valid for mean in means]
    assert [found.parameters, found.macs, found.activations] == expected


def _costs(space: Space, part: frozenset[tuple[str, str]]) -> list[int]:
    """One architecture's, as that of a space with nothing but its live part."""
    nodes = {end for name, _ in part for end in name.split("->")}
    chosen = dict(part)
    totals = []
    for costs in measures(space.program):
        total = sum(costs.nodes[name] for name in nodes)
        for edge in space.edges:
            texts = [c.text for c in edge.candidates]
            if edge.name in chosen:
                total += costs.edges[edge.name][texts.index(chosen[edge.name])]
        totals.append(total)
    return totals


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
    monkeypatch.setattr(frontier, "MAX_STEPS", 3)
    assert loads(TEXT).expected_cost({"z->a": [1, 0], "z->image": [1, 0]}) is None


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_means_are_over_what_rules_and_limits_leave(
    restricted_spaces: st.SearchStrategy[Space],
    live_parts: Callable[[Space], dict[tuple[int, ...], frozenset[tuple[str, str]]]],
    architecture_cost: Callable[[Space, frozenset[tuple[str, str]]], list[int]],
    data: st.DataObject,
) -> None:
    space = data.draw(restricted_spaces)
    even = {d.name: [Fraction(1, len(d.options))] * len(d.options) for d in space.decisions}
    found = space.expected_cost(even)
    assert found is not None
    parts = live_parts(space)
    assert found.valid == Fraction(len(parts), space.architectures)
    costs = zip(*(architecture_cost(space, part) for part in parts.values()), strict=True)
    means = [Fraction(sum(each), len(parts)) for each in costs]
    assert [found.parameters, found.macs, found.activations] == means
