"""Programs that are drawn, put through all that can be done with one: nothing differs, and what is
made to differ is found."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import attrs
import pytest

import fuzz_programs as tool
from autorecon import Space, loads
from autorecon.graph.draw import draw
from autorecon.graph.valid import extent
from autorecon.lang import Node
from autorecon.lowering import passes
from autorecon.lowering.plan import Merge, Plan
from fuzzing.campaign import Failure
from fuzzing.programs import program

PROGRAMS = 120  # some fifteen seconds of work; the tool tries as many as one likes


@pytest.mark.first
def test_nothing_differs() -> None:
    tally = tool.run(seed=1, every=7, start=0, count=PROGRAMS, exports=PROGRAMS)
    assert not tally.failures, tally.failures
    assert tally.counts["sound"] > 0.95 * PROGRAMS
    assert tally.counts["through torch"] > 0.12 * PROGRAMS
    assert tally.counts["exported"]
    assert tally.counts["architectures listed"] > 20 * PROGRAMS


def test_a_program_is_the_same_every_time() -> None:
    assert program(Random("3:5")) == program(Random("3:5")) != program(Random("3:6"))


def first_failure(every: int) -> Failure:
    """That of the first program that breaks something; every `every`th goes through torch."""
    tallies = (tool.run(seed=1, every=every, start=index, count=1) for index in range(1, 100))
    return next(failure for tally in tallies for failure in tally.failures.values())


def without_a_term(plan: Plan) -> Plan:
    """A pass that forgets one of three terms of a sum."""
    steps = [
        attrs.evolve(step, terms=step.terms[1:])
        if isinstance(step, Merge) and step.kind == "sum" and len(step.terms) == 3
        else step
        for step in plan.steps
    ]
    return attrs.evolve(plan, steps=tuple(steps))


def test_a_wrong_pass_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "PASSES", (*passes.PASSES, without_a_term))
    found = first_failure(every=1)
    assert found.kind == "Difference: super net, training: images"
    assert len(found.text.splitlines()) <= 10, found.text


def test_a_wrong_count_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = extent.valid_architectures

    def short(space: Space) -> int | None:
        found = right(space)
        return found - 1 if found and found > 5 else found

    monkeypatch.setattr(extent, "valid_architectures", short)
    found = first_failure(every=1_000)
    assert found.kind.startswith("Difference: ")
    assert len(found.text.splitlines()) <= 12, found.text
    assert loads(found.text).architectures > 5


def test_an_exception_is_found_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def nodes(nodes: Iterable[Node], *rest: object) -> None:
        if any(node.merge.name == "product" for node in nodes):
            raise KeyError("product")

    monkeypatch.setattr(draw, "draw_nodes", nodes)
    found = first_failure(every=1_000)
    assert found.kind == "KeyError in draw.py:dot_source"
    assert "merge product" in found.text
    assert len(found.text.splitlines()) <= 6, found.text
