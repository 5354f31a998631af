"""Spaces of which a label is required too: what that leaves out, and what is said of none."""

from __future__ import annotations

from pathlib import Path

import pytest

from autorecon.graph import derive_choices, load, loads
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.architectures.ids import picks_by_name
from autorecon.graph.counting import decision_diagram
from autorecon.graph.valid import extent
from autorecon.graph.valid.required import left_out

UNREAD = """
space unread
input z [3]: noise
input y: label(5)
node a [3] then ccbn(y)
output image [3]
link z -> a = none
link a -> image = identity
link z -> image = linear
"""


NOWHERE = """
space read
input z [3]: noise
input y: label(5)
node a, b, c [3]
output image [3]
link z -> {a, b} = linear | none
link {a, b} -> image = identity | none
link y -> c = embed
link c -> image = none
"""
# Either label will do, and one of them has to be left out.
RULED = """
space two
input z [3]: noise
input y: label(5)
input x: label(5)
node a, b [3]
output image [3]
link z -> {a, b} = linear
link y -> a = embed | none
link x -> b = embed | none
link {a, b} -> image = identity | none
rule at least one none from y
rule at least one none from x
"""


def test_the_default_space() -> None:
    whole = load("autorecon", size=16, channels=1)
    space = whole.requiring("label")
    assert (whole.valid_architectures, space.valid_architectures) == (96, 80)
    assert left_out(space) == (
        "16 of the 96 valid architectures are left out: they cut `image` from the label"
    )
    assert left_out(whole) == ""
    assert space.requiring("label") is space
    assert space.fingerprint == whole.fingerprint
    for number in range(whole.architectures):
        knows = {"y", "z"} <= whole.decode(number).live
        assert space.liveness.is_valid(space.codec.decode(number)) == knows


@pytest.mark.parametrize("name", ["paper", "paper-norm-inside", "gdfq-cifar", "gdfq-imagenet"])
def test_spaces_that_are_plainly_all_that_is_asked_for_stay(name: str) -> None:
    space = load(name)
    assert space.requiring("label") is space


def test_a_way_without_the_label_is_seen_among_many() -> None:
    text = load("paper").text
    cut = loads(text.replace("link y -> code = embed", "link y -> code = embed | none"))
    space = cut.requiring("label")
    # Once the label is there, it leads wherever the noise does.
    assert space.valid_architectures * 2 == cut.valid_architectures
    assert space.distinct_architectures == load("paper").distinct_architectures
    beside = loads(text + "link code -> image = linear | none\n").requiring("label")
    assert "label" not in beside.program.required


GENOTYPE = """genotype found of "autorecon.space"

scaled -> code = none
z -> code = identity
y -> seed = none
seed -> low = nearest >> conv(3) >> bn >> leaky_relu(0.2)
low -> high = nearest >> conv(3) >> bn >> leaky_relu(0.2)
"""
CHOSEN = """
space chosen
input z [3]: noise
input y: label(5)
node a [3]
output image [3]
link z -> a = identity
link a -> image = linear
link y -> a = embed >> some
choice some = identity | none
"""
UNCHOSEN = 'genotype found of "chosen.space"\nsome = none\n'


def test_a_genotype_is_told_which_lines_cut_the_label() -> None:
    with pytest.raises(
        ArchitectureError,
        match=r"^in found `scaled -> code = none` \(line 3\) and `y -> seed = none` \(line 5\) cut "
        "`image` from `y`$",
    ):
        loads(GENOTYPE).requiring("label")
    known = loads(GENOTYPE.replace("y -> seed = none", "y -> seed = embed"))
    assert known.requiring("label") is known


def test_the_line_is_that_of_the_choice_on_which_an_edge_depends(tmp_path: Path) -> None:
    (tmp_path / "chosen.space").write_text(CHOSEN)
    (tmp_path / "found.space").write_text(UNCHOSEN)
    found = load(tmp_path / "found.space")
    with pytest.raises(ArchitectureError, match=r"^in found `some = none` \(line 2\) cuts `image`"):
        found.requiring("label")
    fixed = CHOSEN.replace("embed >> some\nchoice some = identity | none", "none")
    with pytest.raises(ArchitectureError, match=r"^in chosen `y -> a = none` \(line 9\) cuts"):
        loads(fixed).requiring("label")


def test_what_no_choice_mends_is_told() -> None:
    with pytest.raises(ArchitectureError, match=r"^dafl has no label input$"):
        load("dafl").requiring("label")
    with pytest.raises(
        ArchitectureError, match=r"^in unread nothing live reads a label, which cuts"
    ):
        loads(UNREAD).requiring("label")
    with pytest.raises(
        ArchitectureError, match=r"^every architecture of read cuts `image` from `y`$"
    ):
        loads(NOWHERE).requiring("label")
    with pytest.raises(ArchitectureError, match=r"of two cuts `image` from `y` and `x`$"):
        loads(RULED).requiring("label")


def test_an_entangled_space_is_repaired_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_diagram, "MAX_STEPS", 1)
    monkeypatch.setattr(extent, "MAX_LISTED", 0)
    space = load("autorecon").requiring("label")
    assert space.valid_architectures is None
    assert left_out(space) == "some are left out: they cut `image` from the label"
    for number in range(space.architectures):
        wanted = space.codec.decode(number)
        given = {
            d.name: [0.9 if i == pick else 0.1 for i in range(len(d.options))]
            for d, pick in zip(space.decisions, wanted, strict=True)
        }
        picks = picks_by_name(space, derive_choices(space, given))
        assert space.liveness.is_valid(picks)
        assert space.liveness.lacking(picks) == 0
        assert picks == wanted or not space.liveness.is_valid(wanted)
