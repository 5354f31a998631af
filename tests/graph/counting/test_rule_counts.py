"""Where a state keeps what rules count, and what the counts come to."""

from __future__ import annotations

from math import inf

from autorecon.graph import loads
from autorecon.graph.counting.rule_counts import Fields, Tallies, binding_rules, rule_edges

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
    assert rule_edges(program.rules[0], program) == ["z->a", "z->b"]
    assert binding_rules(program) == [*program.rules[1:]]
    fields = Fields(0)
    tallies = Tallies(program, fields)
    first, second, third, last = (tallies.of(edge) for edge in program.edges)
    # Of each rule a bit says that it holds anyway; two bits count what may be one too many, or two.
    assert (first.mask, second.mask) == (0b111111, 0b111111)
    assert (third.mask, last.mask) == (0b111000, 0b111000)
    assert [first.adds(row) for row in range(3)] == [((0,), (0,)), ((0,), (1,)), ((1,), (0,))]
    assert first.put(0, ((1,), (0,))) == 0b000010
    assert second.put(0b000010, ((1,), (0,))) is None
    assert second.put(0b000010, ((0,), (1,))) == 0b010000
    # More than it asks for is as good as just that; then it holds, whatever comes.
    assert third.put(0b010000, ((1,),)) == 0b001000
    assert last.put(0b001000, ((0,),)) == last.put(0b010000, ((1,),)) == 0
    assert last.put(0b010000, ((0,),)) is None


IF = TEXT.partition("rule")[0] + "rule if exactly 1 none then b -> image = identity\n"


def test_of_several_counts_one_is_enough() -> None:
    program = loads(IF.replace("} -> image = identity", "} -> image = identity | none")).program
    (rule,) = program.rules
    assert [(c.least, c.most) for c in rule.counts] == [(0, 0), (2, inf), (1, inf)]
    tallies = Tallies(program, Fields(0))
    first, second, third, last = (tallies.of(edge) for edge in program.edges)
    assert [last.adds(row) for row in range(2)] == [((0, 0, 1),), ((1, 1, 0),)]
    some, none = ((0, 0, 0),), ((1, 1, 0),)
    one = second.put(first.put(0, some) or 0, none) or 0
    # With two that are `none` the condition is not met, whatever comes.
    two = third.put(one, none) or 0
    assert two == third.clauses[0].held
    assert last.put(two, none) == 0
    still = third.put(one, some) or 0
    assert last.put(still, ((0, 0, 1),)) == 0
    assert last.put(still, none) == 0
    assert last.put(still, some) is None


def test_fields_take_the_lowest_place_that_is_free() -> None:
    fields = Fields(1)
    assert [fields.take(name, 3) for name in "abcd"] == [1, 4, 7, 10]
    fields.free("b")
    assert (fields.take("wide", 4), fields.take("b", 3)) == (13, 4)
    fields.free("a")
    fields.free("c")
    assert [fields.take(name, width) for name, width in (("x", 2), ("y", 2), ("z", 1))] == [1, 7, 3]
    assert fields.shift("wide") == 13
