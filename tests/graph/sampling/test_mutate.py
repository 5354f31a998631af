"""Mutation and crossover: small, valid, and every change that is possible."""

from __future__ import annotations

from random import Random

import pytest

from autorecon.graph import loads
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.sampling.mutate import crossover, mutate

LINE = """
space line
input z [3]: noise
node a [3]
output image [3]
link z -> a = none | identity
link a -> image = identity | none
"""


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


def test_what_a_rule_ties_is_changed_together() -> None:
    text = LINE.replace("none | identity", "linear | identity").replace(
        "identity | none", "identity"
    )
    wide = text.replace("link a -> image = identity", "link a -> image = linear | identity")
    space = loads(wide + "rule exactly one linear\n")
    assert {mutate(space, (0, 1), Random(n)) for n in range(5)} == {(1, 0)}
