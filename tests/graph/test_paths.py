"""Paths, against walking each of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from autorecon.graph import Space, load
from autorecon.graph.counting.paths import Paths
from autorecon.lang import resource_folder


def _lengths(space: Space, name: str) -> list[int]:
    if name == space.output.name:
        return [0]
    onward = [e.target for e in space.edges if e.source == name and not e.is_cut]
    return [1 + length for target in onward for length in _lengths(space, target)]


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_each_path_is_counted(small_spaces: st.SearchStrategy[Space], data: st.DataObject) -> None:
    space = data.draw(small_spaces)
    lengths = [n for node in space.program.inputs for n in _lengths(space, node.name)]
    assert space.paths == Paths(len(lengths), min(lengths), max(lengths))


def test_the_paper_space_has_its_depth_in_blocks() -> None:
    space = load(resource_folder("spaces") / "paper.space")
    # The shortest: z -> code -> B1.n1 -> B1.n2 -> B2.n4 -> B3.n5 -> image.
    assert space.paths == Paths(272, 6, 12)
