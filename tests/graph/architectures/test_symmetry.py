"""Symmetries of known spaces, and where there are none."""

from __future__ import annotations

from itertools import pairwise

import pytest

from autorecon.graph import load, loads
from autorecon.graph.architectures import symmetry
from autorecon.graph.architectures.liveness import canonical_picks
from autorecon.graph.architectures.symmetry import TooSymmetric, symmetries
from autorecon.lang import resource_folder


def test_the_paper_space_exchanges_n2_and_n3_in_each_block() -> None:
    space = load(resource_folder("spaces") / "paper.space")
    found = {frozenset(m.items()) for m in map(_moved, symmetries(space.program))}
    swaps = [{(f"B{i}.n2", f"B{i}.n3"), (f"B{i}.n3", f"B{i}.n2")} for i in (1, 2, 3)]
    assert len(found) == 8
    assert all(frozenset(swap) in found for swap in swaps)
    # Burnside by hand would be 7^15 terms; the half, the quarter ... are bounds.
    count = space.architectures_up_to_symmetry
    assert count == 16_149_300_038_071_525_900
    assert count > space.distinct_architectures / 8


def _moved(mapping: symmetry.Symmetry) -> dict[str, str]:
    return {a: b for a, b in mapping.items() if a != b}


BRANCHES = """
space branches
input z [3]: noise
node a, b [3]
output image [3]
link z -> {a, b} = linear | identity
link {a, b} -> image = identity
"""


def test_genotypes_are_the_same_up_to_dead_parts_and_symmetry() -> None:
    space = loads(BRANCHES)
    one, other = space.genotype((0, 1)), space.genotype((1, 0))
    assert space.same(one, other)
    assert not space.same(one, other, up_to_symmetry=False)
    assert not space.same(one, space.genotype((0, 0)))
    assert space.canonical(other) == space.canonical(one)
    assert space.architectures_up_to_symmetry == 3


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("node a, b [3]", "node a [3]\nnode b [3] then bn"),
        ("node a, b [3]", "node a [3]\nnode b [3] merge product"),
        ("link {a, b} -> image = identity", "link a -> image = linear\nlink b -> image = identity"),
    ],
)
def test_nodes_that_differ_are_not_exchanged(old: str, new: str) -> None:
    assert symmetries(loads(BRANCHES.replace(old, new)).program) == [{}]


def test_inputs_and_the_parts_of_a_concatenation_stay_in_place() -> None:
    joined = BRANCHES.replace("image [3]", "image [6] merge concat")
    assert symmetries(loads(joined).program) == [{}]
    inputs = BRANCHES.replace("node a, b", "input w [3]: noise\nnode a, b").replace(
        "link z -> {a, b}", "link z -> a = linear\nlink w -> b"
    )
    assert symmetries(loads(inputs).program) == [{}]


def test_too_many_symmetries_are_not_listed() -> None:
    names = ", ".join(f"n{i}" for i in range(8))
    text = BRANCHES.replace("{a, b}", f"{{{names}}}").replace("a, b", names)
    space = loads(text)
    with pytest.raises(TooSymmetric, match="branches has more symmetries"):
        symmetries(space.program)
    assert space.architectures_up_to_symmetry is None
    with pytest.raises(TooSymmetric):
        space.canonical(space.decode(0))


def test_a_long_space_is_no_deep_recursion() -> None:
    lines = ["space long", "input z [3]: noise", "output image [3]"]
    for side in "ab":
        names = [f"{side}{i}" for i in range(700)]
        lines.append(f"node {', '.join(names)} [3]")
        ends = ["z", *names, "image"]
        lines += [f"link {s} -> {t} = identity" for s, t in pairwise(ends)]
    assert len(symmetries(loads("\n".join(lines)).program)) == 2


TIED_TWINS = """
space twins
choice norm = bn | identity
input z [3]: noise
node a, b, c [3]
output image [3]
link z -> {a, b, c} = norm >> linear | identity | none
link {a, b, c} -> image = identity
"""


def test_symmetries_leave_what_is_tied_where_it_is() -> None:
    space = loads(TIED_TWINS)
    assert len(symmetries(space.program)) == 6
    assert space.same(space.genotype((1, 0, 1, 2)), space.genotype((1, 2, 0, 1)))
    tied = loads(TIED_TWINS + "share choice z -> a, z -> b\n")
    assert len(symmetries(tied.program)) == 2
    assert len(symmetries(loads(TIED_TWINS + "share weights z -> a, z -> b\n").program)) == 1


def test_a_choice_may_stand_before_one_that_is_tied() -> None:
    """Then what is least for one edge is not for its twin: `own0 >> all` has two ways to one bn."""
    space = loads(
        "space twins\nchoice own0 = bn | identity\nchoice all = bn | identity | none\n"
        "choice own1 = bn | identity\ninput z [3]: noise\nnode a, b [3]\noutput image [3]\n"
        "link z -> a = own0 >> all\nlink z -> b = own1 >> all\n"
        "link {a, b} -> image = none | identity\n"
    )
    valid = filter(space.liveness.is_valid, map(space.codec.decode, range(space.architectures)))
    assert len({canonical_picks(space, picks) for picks in valid}) == 8
    assert space.architectures_up_to_symmetry == 8


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


@pytest.mark.parametrize(
    ("rules", "count"),
    [
        (["if z -> a = none then z -> b != none"], 2),  # the same the other way round
        (["if z -> a = none then z -> b = linear"], 1),
        (["if z -> a = none then z -> b = linear", "if z -> b = none then z -> a = linear"], 2),
        (["if all = bn then at most one linear into image"], 2),
        (["if all = bn then a -> image != none"], 1),
    ],
)
def test_what_rules_with_conditions_leave_of_symmetries(rules: list[str], count: int) -> None:
    text = (
        "space s\nchoice all = bn | identity\ninput z [3]: noise\nnode a, b [3]\n"
        "output image [3]\nlink z -> {a, b} = linear | identity | none\n"
        "link {a, b} -> image = all >> linear | none\n"
    )
    space = loads(text + "".join(f"rule {rule}\n" for rule in rules))
    assert len(symmetry.reorderings(space)) == count
