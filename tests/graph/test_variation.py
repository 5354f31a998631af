"""Mutation and crossover: small, valid, and every change that is possible."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autorecon.graph import Space, loads
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.sampling.mutate import crossover, mutate

LiveParts = Callable[[Space], dict[tuple[int, ...], frozenset[tuple[str, str]]]]

LINE = """
space line
input z [3]: noise
node a [3]
output image [3]
link z -> a = none | identity
link a -> image = identity | none
"""


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_children_of_valid_architectures_are_valid(
    small_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(small_spaces)
    valid = sorted(live_parts(space))
    random = Random(data.draw(st.integers(0, 1000)))
    first, second = random.choice(valid), random.choice(valid)
    child = crossover(space, first, second, random)
    assert child in valid
    assert all(pick in pair for pick, *pair in zip(child, first, second, strict=True))
    neighbours = {p for p in valid if sum(a != b for a, b in zip(p, first, strict=True)) == 1}
    assert mutate(space, first, random) in (neighbours or {first})


def test_every_valid_neighbour_is_drawn() -> None:
    space, random = loads(LINE.replace("identity | none", "identity | linear | none")), Random(1)
    assert {mutate(space, (1, 0), random) for _ in range(50)} == {(1, 1)}
    wide = loads(LINE.replace("identity | none", "identity | linear | linear >> tanh"))
    assert {mutate(wide, (1, 0), random) for _ in range(50)} == {(1, 1), (1, 2)}


def test_an_architecture_without_neighbours_stays() -> None:
    assert mutate(loads(LINE), (1, 0), Random(1)) == (1, 0)


def test_what_cuts_the_image_off_goes_back_to_the_first_parent() -> None:
    space = loads(LINE)
    assert {crossover(space, (1, 0), (0, 1), Random(n)) for n in range(20)} == {(1, 0)}
    with pytest.raises(ArchitectureError, match="first parent"):
        crossover(space, (0, 1), (0, 1), Random(1))


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_children_keep_to_rules_and_limits(
    restricted_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(restricted_spaces)
    valid = sorted(live_parts(space))
    random = Random(data.draw(st.integers(0, 1000)))
    first, second = random.choice(valid), random.choice(valid)
    child = crossover(space, first, second, random)
    assert child in valid
    assert all(pick in pair for pick, *pair in zip(child, first, second, strict=True))
    changed = mutate(space, first, random)
    assert changed in valid
    assert sum(a != b for a, b in zip(changed, first, strict=True)) <= 2


def test_what_a_rule_ties_is_changed_together() -> None:
    text = LINE.replace("none | identity", "linear | identity").replace(
        "identity | none", "identity"
    )
    wide = text.replace("link a -> image = identity", "link a -> image = linear | identity")
    space = loads(wide + "rule exactly one linear\n")
    assert {mutate(space, (0, 1), Random(n)) for n in range(5)} == {(1, 0)}
