"""Spaces of which a label is required too: all that counts and draws, against a list."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autorecon.graph import Space, derive_choices, load, loads
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.architectures.ids import picks_by_name
from autorecon.graph.counting import decision_diagram as frontier
from autorecon.graph.counting.cost import Interval
from autorecon.graph.sampling.mutate import crossover, mutate
from autorecon.graph.sampling.sample import DistinctArchitectures, ValidArchitectures
from autorecon.graph.valid import extent as restricted
from autorecon.graph.valid.extremes import cheapest, dearest
from autorecon.graph.valid.required import left_out

Parts = dict[tuple[int, ...], frozenset[tuple[str, str]]]
LiveParts = Callable[[Space], Parts]

CHECKED = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)

# The label is read by norms alone: of a node that may be dead, and of candidates.
READ = """
space read
input z [3]: noise
input y: label(5)
node a [3] then ccbn(y)
node b [3]
output image [3]
link z -> a = linear | none
link z -> b = identity
link a -> image = identity | none
link b -> image = linear | linear >> ccbn(y) | none
"""
NAMED = READ.replace("linear | linear >> ccbn(y) | none", "linear >> norm") + (
    "choice norm = bn | ccbn(y)\n"
)
TIED = NAMED.replace("node b [3]", "node b [3] then norm")
SHARED = READ + "share choice z -> a, a -> image\n"
RULED = READ + "rule at most 1 none\nlimit params <= 60\n"
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
# Either label will do: a net is given one, which both of them get.
TWO = """
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
"""


def knowing(space: Space, parts: Parts) -> Parts:
    """Those in which the generator knows the label, as the built generator would have it."""
    labels = {node.name for node in space.program.inputs if node.role == "label"}
    return {p: part for p, part in parts.items() if labels & space.genotype(p).live}


def narrowed(space: Space, parts: Parts) -> tuple[Space, Parts]:
    """The space with a label required, and what that leaves; the same space where that is none."""
    left = knowing(space, parts)
    if not left:
        with pytest.raises(ArchitectureError, match=r"has no label input|cuts? `image` from"):
            space.requiring("label")
        return space, parts
    return space.requiring("label"), left


def check(space: Space, parts: Parts, seed: int = 0) -> None:
    """Counts, costs, draws, derivation, the ends and changes are those of the listed ones."""
    everything = product(*map(range, space.codec.radices))
    assert {picks for picks in everything if space.liveness.is_valid(picks)} == set(parts)
    assert space.valid_architectures == len(parts)
    assert space.distinct_architectures == len(set(parts.values()))
    costs = [space.genotype(picks).cost for picks in parts]
    for measure in ("parameters", "macs", "activations"):
        found = [getattr(cost, measure).max for cost in costs]
        assert getattr(space.cost, measure) == Interval(min(found), max(found))
    for measure in ("parameters", "macs"):
        assert getattr(cheapest(space, measure), measure) == getattr(space.cost, measure).min
        assert getattr(dearest(space, measure), measure) == getattr(space.cost, measure).max
    _check_draws(space, parts)
    _check_chances(space, parts, Random(seed))


def _check_draws(space: Space, parts: Parts) -> None:
    valid, distinct = ValidArchitectures(space), DistinctArchitectures(space)
    assert sorted(map(valid.picks, range(valid.size))) == sorted(parts)
    shown = [parts[distinct.picks(number)] for number in range(distinct.size)]
    assert len(set(shown)) == len(shown) == len(set(parts.values()))


def _check_chances(space: Space, parts: Parts, random: Random) -> None:
    given = {d.name: [random.random() for _ in d.options] for d in space.decisions}
    shares = {name: [w / sum(ws) for w in ws] for name, ws in given.items()}
    chances = {
        picks: math.prod(shares[d.name][i] for d, i in zip(space.decisions, picks, strict=True))
        for picks in parts
    }
    derived = picks_by_name(space, derive_choices(space, shares))
    assert chances[derived] == max(chances.values())
    if expected := space.expected_cost(shares):
        assert expected.valid == pytest.approx(sum(chances.values()))
        macs = sum(chance * space.genotype(p).cost.macs.max for p, chance in chances.items())
        assert expected.macs * expected.valid == pytest.approx(macs)
    first, second = (random.choice(sorted(parts)) for _ in range(2))
    assert mutate(space, first, random) in parts
    assert crossover(space, first, second, random) in parts


@CHECKED
@given(data=st.data())
def test_plain_spaces(
    small_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    whole = data.draw(small_spaces.filter(lambda space: "y" in space.nodes))
    every = live_parts(whole)
    space, parts = narrowed(whole, every)
    # Where nothing is tied or ruled out, what can be proved at a glance is all that is true.
    assert (space is whole) == (len(parts) == len(every))
    if space is not whole:
        check(space, parts, data.draw(st.integers(0, 99)))


@CHECKED
@given(data=st.data())
def test_spaces_with_rules_and_limits(
    restricted_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    whole = data.draw(restricted_spaces.filter(lambda space: "y" in space.nodes))
    space, parts = narrowed(whole, live_parts(whole))
    if space is not whole:
        check(space, parts, data.draw(st.integers(0, 99)))


@CHECKED
@given(data=st.data())
def test_spaces_in_which_decisions_are_tied(
    restricted_tied_spaces: st.SearchStrategy[Space],
    tied_spaces: st.SearchStrategy[Space],
    live_parts: LiveParts,
    data: st.DataObject,
) -> None:
    some = st.one_of(tied_spaces, restricted_tied_spaces)
    whole = data.draw(some.filter(lambda space: "y" in space.nodes))
    space, parts = narrowed(whole, live_parts(whole))
    if space is not whole:
        check(space, parts, data.draw(st.integers(0, 99)))


@pytest.mark.parametrize(
    ("text", "valid", "left"),
    [(READ, 9, 6), (NAMED, 8, 5), (TIED, 8, 5), (SHARED, 5, 4), (RULED, 6, 4), (TWO, 12, 7)],
)
def test_labels_that_norms_read_and_several_labels(
    text: str, valid: int, left: int, live_parts: LiveParts
) -> None:
    whole = loads(text)
    every = live_parts(whole)
    space, parts = narrowed(whole, every)
    assert (len(every), len(parts)) == (valid, left)
    check(space, parts)


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
    nowhere = (
        READ.replace("node a [3] then ccbn(y)", "node a [3]\nnode c [3]").replace(
            "linear >> ccbn(y) | ", ""
        )
        + "link y -> c = embed\nlink c -> image = none\n"
    )
    with pytest.raises(
        ArchitectureError, match=r"^every architecture of read cuts `image` from `y`$"
    ):
        loads(nowhere).requiring("label")
    ruled = TWO + "rule at least one none from y\nrule at least one none from x\n"
    with pytest.raises(ArchitectureError, match=r"of two cuts `image` from `y` and `x`$"):
        loads(ruled).requiring("label")


def test_an_entangled_space_is_repaired_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontier, "MAX_STEPS", 1)
    monkeypatch.setattr(restricted, "MAX_LISTED", 0)
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
