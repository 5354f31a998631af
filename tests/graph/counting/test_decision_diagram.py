"""The frontier programme on spaces whose live parts fit in the head."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator

import pytest

from autorecon.graph import load, loads
from autorecon.graph.counting import decision_diagram, elimination
from autorecon.graph.counting.decision_diagram import FrontierTooWide, Semiring, Weights, diagram
from autorecon.graph.counting.elimination import elimination_order
from autorecon.graph.counting.node_status import (
    DEAD,
    IN,
    LIVE,
    OUT,
    UNREACHED,
    initial_statuses,
    variety,
)
from autorecon.lang import Program, resource_folder

COUNT = Semiring(operator.add, operator.mul, 1, 0)
LEAST = Semiring(min, operator.add, 0, math.inf)

DIAMOND = """
space diamond
input z [3]: noise
node a, b [3]
output image [3]
link z -> {a, b} = identity | linear | none
link {a, b} -> image = identity | none
"""


@pytest.fixture
def diamond() -> Program:
    return loads(DIAMOND).program


@pytest.fixture
def paper() -> Program:
    return load(resource_folder("spaces") / "paper.space").program


# Primes tell every live part from every other.
NODES = {"a": 3, "b": 5}
EDGES = {"z->a": (3, 4, 0), "z->b": (5, 6, 0), "a->image": (13, 0), "b->image": (17, 0)}
UPPER, LOWER = 3 * 7 * 13, 5 * 11 * 17


def test_each_live_part_contributes_the_product_of_its_weights(diamond: Program) -> None:
    total = diagram(diamond).total(Weights(NODES, EDGES), COUNT)
    assert total == UPPER + LOWER + UPPER * LOWER


def test_choices_beside_the_live_part_multiply_when_every_one_counts(diamond: Program) -> None:
    total = diagram(diamond, "every").total(Weights(NODES, EDGES), COUNT)
    # The other branch is not live in 3 * 2 - 2 = 4 of its ways.
    assert total == 4 * UPPER + 4 * LOWER + UPPER * LOWER


def test_another_semiring_finds_the_cheapest_part(diamond: Program) -> None:
    assert diagram(diamond).total(Weights(NODES, EDGES), LEAST) == 3 + 3 + 13


def test_several_noise_inputs_count_one_part_once() -> None:
    program = loads("""
space twins
input z [3]: noise
input w [3]: noise
node a [3]
output image [3]
link {z, w} -> a = identity | none
link a -> image = identity
""").program
    assert diagram(program).total(Weights(), COUNT) == 3


def test_a_space_past_the_limit_is_refused(paper: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_diagram, "MAX_STEPS", 1_000)
    with pytest.raises(FrontierTooWide, match="1,000 steps"):
        diagram(paper)


def test_what_no_choice_changes_is_settled_at_the_start(paper: Program) -> None:
    initial = initial_statuses(paper)
    assert initial["z"] == (LIVE | IN,)
    assert set(initial["y"]) == {LIVE | IN, DEAD | IN}
    assert set(initial["B1.n2"]) == {LIVE | IN, DEAD | IN}
    assert set(initial["B1.n4"]) == {LIVE, DEAD, UNREACHED}
    assert initial["image"] == (LIVE | OUT,)
    # Whether B1.n4 is reached matters to no live part; what B1.n1 is carried on to B1.n2 and n3.
    parts = initial_statuses(paper, every=False)
    assert set(parts["B1.n4"]) == {LIVE, DEAD | IN}
    assert set(parts["B2.n2"]) == set(initial["B2.n2"]) - {DEAD, UNREACHED} | {DEAD | IN}


def test_a_space_of_size_one_has_one_status_a_node() -> None:
    program = load(resource_folder("spaces") / "gdfq-cifar.space").program
    settled = set(initial_statuses(program).values())
    assert settled == {(LIVE | IN | OUT,)}


def test_variety_counts_the_bits_that_are_still_open() -> None:
    assert variety([UNREACHED]) == 1
    assert variety([DEAD]) == variety([LIVE | OUT]) == 2
    assert variety([LIVE, DEAD | IN, UNREACHED]) == 4 + 1 + 1
    # All edges in are decided: what is left is whether a live node leads on.
    assert variety([LIVE, DEAD, UNREACHED], undecided=OUT) == 2 + 1 + 1


def _orders(program: Program, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    statuses = initial_statuses(program)
    yield elimination_order(program, statuses)
    monkeypatch.setattr(elimination, "MAX_EDGES", 3)
    yield elimination_order(program, statuses)


def test_every_order_takes_each_node_once_and_gives_one_answer(
    paper: Program, diamond: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    for order in _orders(paper, monkeypatch):
        assert sorted(order) == sorted(paper.nodes)
    in_order = diagram(diamond).total(Weights(NODES, EDGES), COUNT)
    assert in_order == UPPER + LOWER + UPPER * LOWER
