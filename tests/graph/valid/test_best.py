"""Deriving, and the ends of the cost interval, under rules and limits: against a list."""

from __future__ import annotations

from random import Random

import pytest

from autorecon.graph import Space, derive_choices, genotype, load, loads
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.architectures.ids import picks_by_name
from autorecon.graph.counting import decision_diagram
from autorecon.graph.valid import extent
from autorecon.graph.valid.extremes import cheapest, dearest

PAPER = load("paper").text


def _random_probabilities(space: Space, seed: int) -> dict[str, list[float]]:
    random = Random(seed)
    return {d.name: [random.random() for _ in d.options] for d in space.decisions}


def test_a_large_entangled_space_is_repaired_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "rule at most one none into B1.n4\nrule at least 4 conv(3)\nlimit params <= 900k\n"
    monkeypatch.setattr(decision_diagram, "MAX_STEPS", 10)
    space = loads(PAPER + lines)
    given = _random_probabilities(space, 3)
    picks = picks_by_name(space, derive_choices(space, given))
    assert space.liveness.is_valid(picks)
    monkeypatch.setattr("autorecon.graph.valid.best._STEPS", 0)
    with pytest.raises(ArchitectureError, match="no way was found"):
        derive_choices(space, given)


def test_the_ends_of_an_entangled_space_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_diagram, "MAX_STEPS", 10)
    space = loads(PAPER + "limit params <= 900k\n")
    monkeypatch.setattr(extent, "MAX_LISTED", 0)
    assert cheapest(space, "macs") is dearest(space, "macs") is None


def test_choices_that_break_a_rule_make_no_genotype() -> None:
    space = loads(PAPER + "rule at most 5 none\nlimit params <= 1.1M\n")
    picks = tuple(len(d.options) - 1 for d in space.decisions)
    with pytest.raises(ArchitectureError, match=r"`rule at most 5 none` does not hold \(27\)"):
        space.genotype(picks)
    with pytest.raises(ArchitectureError, match=r"`limit params <= 1,100,000` does not hold"):
        genotype(space, {d.name: d.options[2 % len(d.options)] for d in space.decisions})
