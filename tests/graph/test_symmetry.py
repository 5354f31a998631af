"""Symmetries and what they leave to count, against trying every renaming of small spaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autorecon.graph import Space, load, loads
from autorecon.graph.architectures import symmetry
from autorecon.graph.architectures.liveness import canonical_picks
from autorecon.graph.architectures.symmetry import TooSymmetric, symmetries
from autorecon.lang import resource_folder

Part = frozenset[tuple[str, str]]
LiveParts = Callable[[Space], dict[tuple[int, ...], Part]]


def _renamings(space: Space) -> Iterator[dict[str, str]]:
    """Every renaming of the inner nodes that leaves the space as it is."""
    inner = [n for n in space.nodes.values() if n.role == "inner"]
    edges = {(e.source, e.target): (e.type, e.candidates) for e in space.edges}
    for images in permutations(inner):
        to = {n.name: image.name for n, image in zip(inner, images, strict=True)}
        looks = all(
            (n.shape, n.merge, n.then) == (image.shape, image.merge, image.then)
            for n, image in zip(inner, images, strict=True)
        )
        moved = {(to.get(s, s), to.get(t, t)): label for (s, t), label in edges.items()}
        if looks and moved == edges:
            yield to


def _renamed(part: Part, to: dict[str, str]) -> Part:
    ends = (((*name.split("->"),), text) for name, text in part)
    return frozenset((f"{to.get(s, s)}->{to.get(t, t)}", text) for (s, t), text in ends)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_symmetric_architectures_count_once(
    layered_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(layered_spaces)
    parts, renamings = live_parts(space), list(_renamings(space))
    assert len(symmetries(space.program)) == len(renamings)
    orbits = {frozenset(_renamed(p, to) for to in renamings) for p in set(parts.values())}
    assert space.architectures_up_to_symmetry == len(orbits)

    forms: dict[frozenset[Part], set] = {orbit: set() for orbit in orbits}
    for picks, part in list(parts.items())[:200]:
        orbit = frozenset(_renamed(part, to) for to in renamings)
        canonical = canonical_picks(space, picks)
        assert parts[canonical] in orbit
        forms[orbit].add(canonical)
    assert all(len(found) <= 1 for found in forms.values())
    assert len(set().union(*forms.values())) == sum(bool(found) for found in forms.values())


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
