"""Drawing architectures: each equally often, the same again from the same state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autorecon.graph import Space, load, loads
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.counting import decision_diagram as frontier
from autorecon.graph.counting.decision_diagram import FrontierTooWide
from autorecon.graph.sampling.sample import (
    DistinctArchitectures,
    ValidArchitectures,
    sample,
    valid_sample,
)
from autorecon.graph.valid import extent as restricted
from autorecon.lang import resource_folder

LiveParts = Callable[[Space], dict[tuple[int, ...], frozenset[tuple[str, str]]]]

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


def test_every_architecture_is_drawn_equally_often() -> None:
    space, random = loads(TEXT), Random(7)
    everything = [space.codec.decode(n) for n in range(space.architectures)]
    assert _chi_square((sample(space, random) for _ in range(20_000)), everything) < 4


def test_every_generator_is_drawn_equally_often(live_parts: LiveParts) -> None:
    space, random = loads(TEXT), Random(7)
    parts = live_parts(space)
    # Many more architectures have one generator than another, which drawing those would show.
    everything = {space.liveness.canonical(picks) for picks in parts}
    distinct = DistinctArchitectures(space)
    assert _chi_square((distinct.sample(random) for _ in range(20_000)), everything) < 4
    by_architecture = random.choices([space.liveness.canonical(p) for p in parts], k=20_000)
    assert _chi_square(by_architecture, everything) > 4


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_numbers_of_generators_are_one_to_one(
    small_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(small_spaces)
    parts = live_parts(space)
    distinct = DistinctArchitectures(space)
    numbered = [distinct.picks(number) for number in range(distinct.size)]
    assert len({parts[picks] for picks in numbered}) == len(numbered) == len(set(parts.values()))


def test_a_saved_state_draws_the_same_again() -> None:
    space, random = load(resource_folder("spaces") / "paper.space"), Random(3)
    distinct = DistinctArchitectures(space)
    assert distinct.size == space.distinct_architectures
    state = random.getstate()
    first = [distinct.sample(random), sample(space, random)]
    random.setstate(state)
    assert [distinct.sample(random), sample(space, random)] == first
    assert space.liveness.canonical(first[0]) == first[0]


def test_there_is_no_generator_past_the_last() -> None:
    distinct = DistinctArchitectures(loads(TEXT))
    for number in (-1, distinct.size):
        with pytest.raises(ArchitectureError, match=f"they are 0 to {distinct.size - 1}"):
            distinct.picks(number)


def test_an_entangled_space_is_not_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontier, "MAX_STEPS", 10)
    with pytest.raises(FrontierTooWide, match="forked is too entangled"):
        DistinctArchitectures(loads(TEXT))


def test_of_an_entangled_space_valid_architectures_are_drawn_all_alike(
    live_parts: LiveParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of its ties are too many cases, and there are too many to list."""
    monkeypatch.setattr(frontier, "MAX_STEPS", 10)
    monkeypatch.setattr(restricted, "MAX_LISTED", 0)
    space = loads(TEXT + "share choice a -> b, b -> image\nrule at most two none\n")
    with pytest.raises(FrontierTooWide, match="forked is too entangled"):
        ValidArchitectures(space)
    random = Random(7)
    drawn = [valid_sample(space, random) for _ in range(2_000)]
    assert _chi_square(drawn, live_parts(space)) < 4
    random = Random(7)
    assert drawn[:9] == [valid_sample(space, random) for _ in range(9)]
    monkeypatch.setattr("autorecon.graph.sampling.sample.MAX_DRAWS", 0)
    with pytest.raises(FrontierTooWide, match="none of 0 drawn at random is valid"):
        valid_sample(space, random)


def test_the_same_seed_draws_the_same_of_a_space_that_is_numbered() -> None:
    space = loads(TEXT)
    assert valid_sample(space, Random(3)) == ValidArchitectures(space).sample(Random(3))
