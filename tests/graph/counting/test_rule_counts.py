"""Where a state keeps what rules count, and what the counts come to."""

from __future__ import annotations

from autorecon.graph import loads
from autorecon.graph.counting.rule_counts import Fields, Tallies, binding_rules, counted_edges

TEXT = """
space small
input z [3]: noise
node a, b [3]
output image [3]
link z -> {a, b} = linear | identity | none
link {a, b} -> image = identity
rule at most 2 none
rule at most one none
rule at least 2 identity
"""


def test_fields_do_not_overlap_and_gaps_are_taken_again() -> None:
    fields = Fields(1)
    assert [fields.take(name, 3) for name in "abc"] == [1, 4, 7]
    fields.free("b")
    assert fields.take("narrow", 2) == 4
    assert fields.take("wide", 3) == 10
    assert fields.shift("c") == 7


def test_a_rule_is_kept_from_its_first_edge_to_its_last() -> None:
    program = loads(TEXT).program
    assert counted_edges(program.rules[0], program) == ["z->a", "z->b"]
    assert binding_rules(program) == [*program.rules[1:]]
    fields = Fields(0)
    tallies = Tallies(program, fields)
    first, second, third, last = (tallies.of(edge) for edge in program.edges)
    # Two bits count to two, one bit to one; both rules are open after the first edge.
    assert (first.mask, second.mask, third.mask, last.mask) == (0b111, 0b111, 0b110, 0b110)
    assert [first.adds(candidate) for candidate in range(3)] == [(0, 0), (0, 1), (1, 0)]
    assert first.put(0b000, (1, 0)) == 0b001
    assert second.put(0b001, (1, 0)) is None
    assert second.put(0b001, (0, 1)) == 0b010
    assert third.put(0b010, (1,)) == 0b100
    # More than it asks for is as good as just that.
    assert last.put(0b100, (1,)) == last.put(0b010, (1,)) == 0
    assert last.put(0b010, (0,)) is None


def test_fields_take_the_lowest_place_that_is_free() -> None:
    fields = Fields(1)
    assert [fields.take(name, 3) for name in "abcd"] == [1, 4, 7, 10]
    fields.free("b")
    assert (fields.take("wide", 4), fields.take("b", 3)) == (13, 4)
    fields.free("a")
    fields.free("c")
    assert [fields.take(name, width) for name, width in (("x", 2), ("y", 2), ("z", 1))] == [1, 7, 3]
    assert fields.shift("wide") == 13
