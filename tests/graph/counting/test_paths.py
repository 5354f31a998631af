"""Paths, against walking each of them."""

from __future__ import annotations

from autorecon.graph import load
from autorecon.graph.counting.paths import Paths
from autorecon.lang import resource_folder


def test_the_paper_space_has_its_depth_in_blocks() -> None:
    space = load(resource_folder("spaces") / "paper.space")
    # The shortest: z -> code -> B1.n1 -> B1.n2 -> B2.n4 -> B3.n5 -> image.
    assert space.paths == Paths(272, 6, 12)
