"""Deriving, and the ends of the cost interval, under rules and limits: against a list."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autorecon.graph import Space, derive_choices, genotype, load, loads
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.architectures.ids import picks_by_name
from autorecon.graph.counting import decision_diagram as frontier
from autorecon.graph.valid import extent as restricted
from autorecon.graph.valid.extremes import cheapest, dearest

Parts = dict[tuple[int, ...], frozenset[tuple[str, str]]]
LiveParts = Callable[[Space], Parts]
Cost = Callable[[Space, frozenset[tuple[str, str]]], list[int]]
PAPER = load("paper").text


def _random_probabilities(space: Space, seed: int) -> dict[str, list[float]]:
    random = Random(seed)
    return {d.name: [random.random() for _ in d.options] for d in space.decisions}


def _check_derived(space: Space, parts: Parts, seed: int) -> None:
    given = _random_probabilities(space, seed)
    picks = picks_by_name(space, derive_choices(space, given))
    scores = {
        p: math.prod(given[d.name][i] for d, i in zip(space.decisions, p, strict=True))
        for p in parts
    }
    assert scores[picks] == max(scores.values())


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_what_is_derived_is_the_most_probable_of_all_valid_ones(
    restricted_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(restricted_spaces)
    parts, seed = live_parts(space), data.draw(st.integers(0, 99))
    _check_derived(space, parts, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frontier, "MAX_STEPS", 1)
        _check_derived(Space(space.program), parts, seed)


def test_a_large_entangled_space_is_repaired_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "rule at most one none into B1.n4\nrule at least 4 conv(3)\nlimit params <= 900k\n"
    space = loads(PAPER + lines)
    monkeypatch.setattr(frontier, "MAX_STEPS", 10)
    given = _random_probabilities(space, 3)
    picks = picks_by_name(space, derive_choices(space, given))
    assert space.liveness.is_valid(picks)
    monkeypatch.setattr("autorecon.graph.valid.best._STEPS", 0)
    with pytest.raises(ArchitectureError, match="no way was found"):
        derive_choices(space, given)


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_the_ends_of_the_cost_interval_are_found(
    restricted_spaces: st.SearchStrategy[Space],
    live_parts: LiveParts,
    architecture_cost: Cost,
    data: st.DataObject,
) -> None:
    space = data.draw(restricted_spaces)
    parts = set(live_parts(space).values())
    for index, measure in enumerate(("parameters", "macs")):
        for find, end in ((cheapest, min), (dearest, max)):
            found = find(space, measure)
            assert found is not None
            live = frozenset((name, found.choices[name].text) for name in found.live)
            assert live in parts
            assert getattr(found, measure) == end(architecture_cost(space, p)[index] for p in parts)


def test_the_ends_of_an_entangled_space_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    space = loads(PAPER + "limit params <= 900k\n")
    monkeypatch.setattr(frontier, "MAX_STEPS", 10)
    monkeypatch.setattr(restricted, "MAX_LISTED", 0)
    assert cheapest(space, "macs") is dearest(space, "macs") is None


def test_choices_that_break_a_rule_make_no_genotype() -> None:
    space = loads(PAPER + "rule at most 5 none\nlimit params <= 1.1M\n")
    picks = tuple(len(d.options) - 1 for d in space.decisions)
    with pytest.raises(ArchitectureError, match=r"`rule at most 5 none` does not hold \(27\)"):
        space.genotype(picks)
    with pytest.raises(ArchitectureError, match=r"`limit params <= 1,100,000` does not hold"):
        genotype(space, {d.name: d.options[2 % len(d.options)] for d in space.decisions})
