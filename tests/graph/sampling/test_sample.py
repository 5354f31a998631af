"""Drawing architectures: each equally often, the same again from the same state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from random import Random

import pytest

from autorecon.graph import Space, load, loads
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.counting import decision_diagram
from autorecon.graph.counting.decision_diagram import FrontierTooWide
from autorecon.graph.sampling.sample import (
    DistinctArchitectures,
    ValidArchitectures,
    sample,
    valid_sample,
)
from autorecon.graph.valid import extent
from autorecon.lang import resource_folder
from fuzzing.listing import Listing

TEXT = """
space forked
input z [3]: noise
node a, b [3]
output image [3]
link z -> a = linear | identity | none
link z -> b = linear
link a -> b = linear | none
link {a, b} -> image = identity | none
"""


def _chi_square(drawn: Iterable, possible: Collection) -> float:
    """How far from equal shares, in standard deviations of the statistic."""
    counts = Counter(drawn)
    assert counts.keys() <= set(possible)
    expected, freedom = counts.total() / len(possible), len(possible) - 1
    statistic = sum((counts[item] - expected) ** 2 / expected for item in possible)
    return (statistic - freedom) / (2 * freedom) ** 0.5


def _valid(space: Space) -> list[tuple[int, ...]]:
    return [one.picks for one in Listing(space.program).architectures() if one.valid]


def test_every_architecture_is_drawn_equally_often() -> None:
    space, random = loads(TEXT), Random(7)
    everything = [space.codec.decode(n) for n in range(space.architectures)]
    assert _chi_square((sample(space, random) for _ in range(20_000)), everything) < 4


def test_every_generator_is_drawn_equally_often() -> None:
    space, random = loads(TEXT), Random(7)
    valid = _valid(space)
    # Many more architectures have one generator than another, which drawing those would show.
    everything = {space.liveness.canonical(picks) for picks in valid}
    distinct = DistinctArchitectures(space)
    assert _chi_square((distinct.sample(random) for _ in range(20_000)), everything) < 4
    by_architecture = random.choices([space.liveness.canonical(p) for p in valid], k=20_000)
    assert _chi_square(by_architecture, everything) > 4


@pytest.mark.parametrize("lines", ["", "rule exactly 1 none\n", "limit params <= 20\n"])
def test_every_valid_one_is_drawn_equally_often(lines: str) -> None:
    space, random = loads(TEXT + lines), Random(7)
    every = ValidArchitectures(space)
    assert _chi_square((every.sample(random) for _ in range(10_000)), _valid(space)) < 4


def test_a_saved_state_draws_the_same_again() -> None:
    space, random = load(resource_folder("spaces") / "paper.space"), Random(3)
    distinct = DistinctArchitectures(space)
    assert distinct.size == space.distinct_architectures
    state = random.getstate()
    first = [distinct.sample(random), sample(space, random)]
    random.setstate(state)
    assert [distinct.sample(random), sample(space, random)] == first
    assert space.liveness.canonical(first[0]) == first[0]


@pytest.mark.parametrize("numbered", [DistinctArchitectures, ValidArchitectures])
def test_there_is_none_past_the_last(numbered: type) -> None:
    numbers = numbered(loads(TEXT))
    for number in (-1, numbers.size):
        with pytest.raises(ArchitectureError, match=f"they are 0 to {numbers.size - 1}"):
            numbers.picks(number)


def test_an_entangled_space_is_not_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_diagram, "MAX_STEPS", 10)
    with pytest.raises(FrontierTooWide, match="forked is too entangled"):
        DistinctArchitectures(loads(TEXT))


def test_of_an_entangled_space_valid_architectures_are_drawn_all_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It has too many states, and there are too many architectures to list."""
    monkeypatch.setattr(decision_diagram, "MAX_STEPS", 10)
    monkeypatch.setattr(extent, "MAX_LISTED", 0)
    space = loads(TEXT + "share choice a -> b, b -> image\nrule at most two none\n")
    with pytest.raises(FrontierTooWide, match="forked is too entangled"):
        ValidArchitectures(space)
    random = Random(7)
    drawn = [valid_sample(space, random) for _ in range(2_000)]
    assert _chi_square(drawn, _valid(space)) < 4
    random = Random(7)
    assert drawn[:9] == [valid_sample(space, random) for _ in range(9)]
    monkeypatch.setattr("autorecon.graph.sampling.sample.MAX_DRAWS", 0)
    with pytest.raises(FrontierTooWide, match="none of 0 drawn at random is valid"):
        valid_sample(space, random)


def test_the_same_seed_draws_the_same_of_a_space_that_is_numbered() -> None:
    space = loads(TEXT)
    assert valid_sample(space, Random(3)) == ValidArchitectures(space).sample(Random(3))
