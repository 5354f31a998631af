"""Spaces in which decisions are tied: every figure against listing all architectures."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import prod
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autorecon.graph import Space, derive_choices, loads
from autorecon.graph.architectures.ids import picks_by_name
from autorecon.graph.architectures.liveness import canonical_picks
from autorecon.graph.architectures.symmetry import symmetries
from autorecon.graph.counting import decision_diagram as frontier
from autorecon.graph.counting.cost import measures
from autorecon.graph.counting.decision_diagram import FrontierTooWide
from autorecon.graph.sampling.mutate import crossover, mutate
from autorecon.graph.sampling.sample import DistinctArchitectures, ValidArchitectures
from autorecon.graph.valid import extent as restricted
from autorecon.graph.valid.extremes import cheapest, dearest
from autorecon.lang import resource_folder

LiveParts = Callable[[Space], dict[tuple[int, ...], frozenset[tuple[str, str]]]]

many = settings(max_examples=12, deadline=None)


def costs(space: Space, part: frozenset[tuple[str, str]]) -> list[int]:
    """One architecture's: weights that edges share count once."""
    chosen = dict(part)
    live = {end for e in space.edges if e.name in chosen for end in (e.source, e.target)}
    totals = []
    for measure in measures(space.program):
        paid: dict[str, int] = {}
        for edge in space.edges:
            if edge.name in chosen:
                texts = [c.text for c in edge.candidates]
                cost = measure.edges[edge.name][texts.index(chosen[edge.name])]
                paid[measure.owners.get(edge.name, edge.name)] = cost
        totals.append(sum(measure.nodes[name] for name in live) + sum(paid.values()))
    return totals


@many
@given(data=st.data())
def test_counts(
    tied_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(tied_spaces)
    parts = live_parts(space)
    assert space.architectures == prod(len(d.options) for d in space.decisions)
    assert space.valid_architectures == len(parts)
    assert space.distinct_architectures == len(set(parts.values()))


@many
@given(data=st.data())
def test_costs(
    tied_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(tied_spaces)
    listed = list(zip(*(costs(space, part) for part in live_parts(space).values()), strict=True))
    found = space.cost
    intervals = found.parameters, found.macs, found.activations
    for interval, values in zip(intervals, listed, strict=True):
        assert interval.max == max(values) or (not found.exact and interval.max >= max(values))
        assert interval.min == min(values) or (not found.exact and interval.min <= min(values))
    shared = any(edge.weights_of for edge in space.edges)
    assert found.exact or shared


@many
@given(data=st.data())
def test_means(
    tied_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(tied_spaces)
    drawn = {}
    for decision in space.decisions:
        size = len(decision.options)
        odds = data.draw(st.lists(st.integers(1, 5), min_size=size, max_size=size))
        drawn[decision.name] = [Fraction(odd, sum(odds)) for odd in odds]
    valid, means = Fraction(0), [Fraction(0)] * 3
    for picks, part in live_parts(space).items():
        weight = prod(drawn[d.name][pick] for d, pick in zip(space.decisions, picks, strict=True))
        valid += weight
        means = [m + weight * c for m, c in zip(means, costs(space, part), strict=True)]
    found = space.expected_cost(drawn)
    assert found is not None
    assert found.valid == valid
    expected = [mean / valid for mean in means]
    assert [found.parameters, found.macs, found.activations] == expected


@many
@given(data=st.data())
def test_one_canonical_form_a_generator(
    tied_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(tied_spaces)
    parts = live_parts(space)
    forms: dict[frozenset, set] = {}
    for picks, part in parts.items():
        assert space.liveness.is_valid(picks)
        form = space.liveness.canonical(picks)
        assert parts[form] == part
        forms.setdefault(part, set()).add(form)
    assert all(len(found) == 1 for found in forms.values())


@many
@given(data=st.data())
def test_generators_are_numbered_one_to_one(
    tied_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(tied_spaces)
    parts = live_parts(space)
    distinct = DistinctArchitectures(space)
    numbered = [distinct.picks(number) for number in range(distinct.size)]
    assert len({parts[picks] for picks in numbered}) == len(numbered) == len(set(parts.values()))
    assert numbered == [space.liveness.canonical(picks) for picks in numbered]


@many
@given(data=st.data())
def test_valid_architectures_are_numbered_one_to_one(
    tied_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(tied_spaces)
    parts = live_parts(space)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restricted, "MAX_LISTED", 0)
        valid = ValidArchitectures(space)
    assert sorted(map(valid.picks, range(valid.size))) == sorted(parts)


@many
@given(data=st.data())
def test_symmetric_architectures_have_one_form(
    tied_spaces: st.SearchStrategy[Space],
    named_layered_spaces: st.SearchStrategy[Space],
    live_parts: LiveParts,
    data: st.DataObject,
) -> None:
    space = data.draw(st.one_of(tied_spaces, named_layered_spaces))
    parts = live_parts(space)
    forms = {canonical_picks(space, picks) for picks in parts}
    assert len(forms) == space.architectures_up_to_symmetry
    assert forms <= {space.liveness.canonical(picks) for picks in parts}
    assert all(canonical_picks(space, form) == form for form in forms)


@many
@given(data=st.data())
def test_genotypes_numbers_and_ids_are_one_to_one(
    tied_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(tied_spaces)
    picks = data.draw(st.sampled_from(sorted(live_parts(space))))
    genotype = space.genotype(picks)
    assert space.picks(genotype) == picks
    assert space.decode(space.encode(genotype)) == genotype
    assert space.from_id(space.architecture_id(genotype)) == genotype


@many
@given(data=st.data())
def test_what_is_derived_is_valid_and_the_most_probable_where_that_is(
    tied_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(tied_spaces)
    random = Random(data.draw(st.integers(0, 1000)))
    drawn = {d.name: [random.random() for _ in d.options] for d in space.decisions}
    choices = derive_choices(space, drawn)
    parts = live_parts(space)
    assert picks_by_name(space, choices) in parts
    best = {d.name: d.options[max_place(drawn[d.name])] for d in space.decisions}
    assert choices == best or picks_by_name(space, best) not in parts


def max_place(values: list[float]) -> int:
    return values.index(max(values))


@many
@given(data=st.data(), measure=st.sampled_from(["parameters", "macs"]))
def test_extremes(
    tied_spaces: st.SearchStrategy[Space],
    live_parts: LiveParts,
    data: st.DataObject,
    measure: str,
) -> None:
    space = data.draw(tied_spaces)
    listed = {part: costs(space, part) for part in live_parts(space).values()}
    place = ["parameters", "macs"].index(measure)
    for found, end in ((cheapest(space, measure), min), (dearest(space, measure), max)):
        if found is None:
            assert not space.cost.exact
            continue
        part = frozenset((name, found.choices[name].text) for name in found.live)
        assert listed[part][:2] == [found.parameters, found.macs]
        assert listed[part][place] == end(cost[place] for cost in listed.values())


@many
@given(data=st.data())
def test_children_of_valid_architectures_are_valid(
    tied_spaces: st.SearchStrategy[Space], live_parts: LiveParts, data: st.DataObject
) -> None:
    space = data.draw(tied_spaces)
    valid = sorted(live_parts(space))
    random = Random(data.draw(st.integers(0, 1000)))
    first, second = random.choice(valid), random.choice(valid)
    assert crossover(space, first, second, random) in valid
    neighbours = {p for p in valid if sum(a != b for a, b in zip(p, first, strict=True)) == 1}
    assert mutate(space, first, random) in (neighbours or {first})


PAPER = (resource_folder("spaces") / "paper.space").read_text("utf-8")

TWINS = """
space twins
choice norm = bn | identity
input z [3]: noise
node a, b, c [3]
output image [3]
link z -> {a, b, c} = norm >> linear | identity | none
link {a, b, c} -> image = identity
"""


def test_symmetries_leave_what_is_tied_where_it_is(live_parts: LiveParts) -> None:
    space = loads(TWINS)
    assert len(symmetries(space.program)) == 6
    shown = {
        tuple(sorted(dict(part).get(f"z->{node}", "") for node in "abc"))
        for part in live_parts(space).values()
    }
    assert space.architectures_up_to_symmetry == len(shown)
    assert space.same(space.genotype((1, 0, 1, 2)), space.genotype((1, 2, 0, 1)))
    tied = loads(TWINS + "share choice z -> a, z -> b\n")
    assert len(symmetries(tied.program)) == 2
    assert len(symmetries(loads(TWINS + "share weights z -> a, z -> b\n").program)) == 1


def test_a_choice_may_stand_before_one_that_is_tied(live_parts: LiveParts) -> None:
    """Then what is least for one edge is not for its twin: `own0 >> all` has two ways to one bn."""
    space = loads(
        "space twins\nchoice own0 = bn | identity\nchoice all = bn | identity | none\n"
        "choice own1 = bn | identity\ninput z [3]: noise\nnode a, b [3]\noutput image [3]\n"
        "link z -> a = own0 >> all\nlink z -> b = own1 >> all\n"
        "link {a, b} -> image = none | identity\n"
    )
    shown = {
        tuple(sorted(dict(part).get(f"z->{node}", "") for node in "ab"))
        for part in live_parts(space).values()
    }
    assert len({canonical_picks(space, picks) for picks in live_parts(space)}) == len(shown) == 8
    assert space.architectures_up_to_symmetry == 8


def test_a_space_too_entangled_gets_no_figure_but_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    text = TWINS.replace("norm >> linear", "norm >> linear(bias=false)")
    exact = loads(text)
    monkeypatch.setattr(frontier, "MAX_STEPS", 3)
    space = loads(text)
    assert space.valid_architectures is None
    even = {d.name: [1 / len(d.options)] * len(d.options) for d in space.decisions}
    assert space.expected_cost(even) is None
    assert not space.cost.exact
    assert space.cost.parameters.min <= exact.cost.parameters.min
    assert space.cost.parameters.max >= exact.cost.parameters.max
    assert cheapest(space, "macs") is None
    assert dearest(space, "macs") is None
    assert space.distinct_architectures is None
    with pytest.raises(FrontierTooWide, match="twins is too entangled"):
        DistinctArchitectures(space)


def test_blocks_of_the_paper_that_share_their_choices() -> None:
    """By hand: two up edges of 2, five normal ones of 7 in all blocks, twelve cross ones of 3."""
    space = loads(PAPER + "share choice B1, B2, B3\n")
    assert space.architectures == 2**2 * 7**5 * 3**12
    assert space.distinct_architectures is not None
    assert space.distinct_architectures < space.valid_architectures < space.architectures
    assert space.cost.exact
    one = space.cost
    apart = loads(PAPER).cost
    assert (one.macs.max, one.parameters.max) == (apart.macs.max, apart.parameters.max)
    weights = loads(PAPER + "share weights B1.n4 -> B1.n5, B1.n2 -> B1.n5\n").cost
    assert weights.parameters.max == apart.parameters.max - (64 * 64 * 25 + 64)
