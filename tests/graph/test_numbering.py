"""Numbers of valid architectures under rules and limits: one for each, and no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autorecon.graph import Space, loads
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.sampling.sample import DistinctArchitectures, ValidArchitectures

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


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_numbers_are_one_to_one(
    restricted_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(restricted_spaces)
    parts = live_parts(space)
    valid = ValidArchitectures(space)
    assert sorted(map(valid.picks, range(valid.size))) == sorted(parts)
    distinct = DistinctArchitectures(space)
    shown = [parts[distinct.picks(number)] for number in range(distinct.size)]
    assert Counter(shown) == Counter(set(parts.values()))


@pytest.mark.parametrize("lines", ["", "rule exactly 1 none\n", "limit params <= 20\n"])
def test_every_valid_architecture_is_drawn_equally_often(lines: str, live_parts: LiveParts) -> None:
    space, random = loads(TEXT + lines), Random(7)
    expected = 2_000
    parts = live_parts(space)
    valid = ValidArchitectures(space)
    drawn = Counter(valid.sample(random) for _ in range(expected * len(parts)))
    assert drawn.keys() == parts.keys()
    assert all(abs(count - expected) < 5 * expected**0.5 for count in drawn.values())


def test_there_is_none_past_the_last() -> None:
    valid = ValidArchitectures(loads(TEXT))
    for number in (-1, valid.size):
        with pytest.raises(ArchitectureError, match=f"they are 0 to {valid.size - 1}"):
            valid.picks(number)


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_the_canonical_form_stays_within_the_rules(
    restricted_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(restricted_spaces)
    parts = live_parts(space)
    forms = {}
    for picks in sorted(parts)[:10]:
        found = space.picks(space.canonical(space.genotype(picks), up_to_symmetry=False))
        assert parts[found] == parts[picks]
        assert forms.setdefault(parts[picks], found) == found


def test_symmetries_that_a_rule_forbids_are_none() -> None:
    text = """
space twins
input z [3]: noise
node a, b [3]
output image [3]
link z -> {a, b} = linear | identity
link {a, b} -> image = identity | none
"""
    free, tied = loads(text), loads(text + "rule at most one identity into b\n")
    alike = [(0, 1, 0, 1), (1, 0, 1, 0)]
    assert free.same(*map(free.genotype, alike))
    assert not tied.same(*map(tied.genotype, alike))
    assert tied.architectures_up_to_symmetry is None
    even = loads(text + "rule at most one identity into image\n")
    assert even.same(*map(even.genotype, alike))
