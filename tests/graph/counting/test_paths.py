"""Paths, against walking each of them."""

from __future__ import annotations

import pytest

from autorecon.graph import load, loads
from autorecon.graph.counting.paths import CutOff, Paths
from autorecon.lang import resource_folder


def test_the_paper_space_has_its_depth_in_blocks() -> None:
    space = load(resource_folder("spaces") / "paper.space")
    # The shortest: z -> code -> B1.n1 -> B1.n2 -> B2.n4 -> B3.n5 -> image.
    assert space.paths == Paths(272, 6, 12)


@pytest.mark.parametrize(
    "asked", ["paths", "cost", "valid_architectures", "distinct_architectures", "live_parts"]
)
def test_what_is_cut_off_has_nothing_to_count(asked: str) -> None:
    space = loads(
        "space tiny\n"
        "input z [4]: noise\n"
        "node a, b [2, 4, 4]\n"
        "output image [1, 4, 4]\n"
        "link z -> {a, b} = linear\n"
        "link {a, b} -> image = conv(1) | none\n"
    )
    with pytest.raises(CutOff, match="nothing leads from an input of tiny_genotype to its output"):
        getattr(space.decode(3), asked)
