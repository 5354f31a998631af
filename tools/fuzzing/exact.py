"""Spaces with few architectures: what is said of all of them is true of the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import prod
from random import Random

from autorecon import Space
from autorecon.graph import derive_choices
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.counting.decision_diagram import FrontierTooWide
from autorecon.graph.counting.expected_cost import NotProbabilities
from autorecon.graph.sampling.sample import DistinctArchitectures, ValidArchitectures
from autorecon.graph.survey import extremes
from fuzzing.judge import Difference, holds, same
from fuzzing.listing import MEASURES, Architecture, Listing, Part, Picks
from fuzzing.orbits import check_symmetry

MOST = 3_000  # architectures that are listed


def check_exact(space: Space, random: Random) -> int:
    """Compares the analyses of a space with the list of its architectures, and says how many
    these are; 0 for a space that is too large."""
    if prod(len(d.options) for d in space.program.decisions.values()) > MOST:
        return 0
    listed = Listing(space.program).architectures()
    same("architectures", space.architectures, len(listed))
    valid = [a for a in listed if a.valid]
    check_counts(space, valid)
    check_costs(space, valid)
    check_ends(space, valid)
    check_cuts(space, listed)
    check_liveness(space, listed)
    check_samplers(space, valid)
    check_symmetry(space, valid)
    check_means(space, listed, random)
    check_best(space, valid, random)
    return len(listed)


def check_counts(space: Space, valid: list[Architecture]) -> None:
    """What an analysis cannot tell is None."""
    for kind, found, expected in (
        ("valid", space.valid_architectures, len(valid)),
        ("distinct", space.distinct_architectures, len({a.part for a in valid})),
    ):
        if found is not None:
            same(f"count of {kind}", found, expected)


def check_costs(space: Space, valid: list[Architecture]) -> None:
    if not valid:
        return
    for place, measure in enumerate(MEASURES):
        found = getattr(space.cost, measure)
        costs = [a.costs[place] for a in valid]
        ends = min(costs), max(costs)
        if space.cost.exact:
            same(f"cost: {measure}", (found.min, found.max), ends)
        else:
            inside = found.min <= ends[0] and ends[1] <= found.max
            holds(f"bounds of cost: {measure}", inside, (found, ends))


def check_ends(space: Space, valid: list[Architecture]) -> None:
    """The cheapest and the dearest architecture are valid, and cost what they are said to."""
    by_choice = {tuple(a.chosen[e.name] for e in space.edges): a for a in valid}
    for found in extremes(space) if valid and space.cost.exact else ():
        if found.architecture is None:
            continue
        picked = [e.candidates.index(found.architecture.choices[e.name]) for e in space.edges]
        one = by_choice.get(tuple(picked))
        if one is None:
            raise Difference("an end is valid", str(picked))
        said = found.architecture.parameters, found.architecture.macs
        same("cost of an end", said, one.costs[:2])
        for measure in found.by:
            place, end = MEASURES.index(measure), {"cheapest": min, "dearest": max}[found.end]
            same(f"the {found.end}", said[place], end(a.costs[place] for a in valid))


def check_cuts(space: Space, listed: list[Architecture]) -> None:
    """The fewest edges that are `none` and cut the noise off; ties may take more than needed."""
    none = {e.name: [c.ops[0].name == "none" for c in e.candidates] for e in space.edges}
    open_edges = [e.name for e in space.edges if len(e.candidates) > 1]
    cuts = [sum(none[n][a.chosen[n]] for n in open_edges) for a in listed if a.cut]
    lines = space.counterexample
    if not space.is_tied and not space.program.rules:
        same("lines that cut", len(lines), min(cuts, default=0))
    said = dict(line.rsplit(" = ", 1) for line in lines)
    wanted = [(i, said[d.text]) for i, d in enumerate(space.decisions) if d.text in said]
    for one in listed if lines else ():
        if all(space.decisions[i].options[one.picks[i]] == option for i, option in wanted):
            holds("what the lines cut is cut", one.cut, one.picks)


def check_best(space: Space, valid: list[Architecture], random: Random) -> None:
    """What is derived is valid, and with rules and limits the most probable that is."""
    given = {d.name: [random.uniform(0.01, 1) for _ in d.options] for d in space.decisions}
    try:
        chosen = derive_choices(space, given)
    except ArchitectureError:
        holds("something can be derived", not valid)
        return
    picks = tuple(d.options.index(chosen[d.name]) for d in space.decisions)
    found = next((a for a in valid if a.picks == picks), None)
    holds("what is derived is valid", found is not None, picks)
    if space.restrictions and space.cost.exact:
        best = max(_weight(a, space, given) for a in valid)
        holds("the most probable is derived", _weight(found, space, given) > best * 0.999999)


def _weight(one: Architecture, space: Space, given: Mapping[str, Sequence[float]]) -> float:
    return prod(given[d.name][k] for d, k in zip(space.decisions, one.picks, strict=True))


def check_liveness(space: Space, listed: list[Architecture]) -> None:
    """Validity, and that canonical picks stand for one generator each."""
    part_of = {a.picks: a.part for a in listed}
    forms: dict[Part, Picks] = {}
    for one in listed:
        same("is_valid", space.liveness.is_valid(one.picks), one.valid)
        form = space.liveness.canonical(one.picks)
        same("canonical has its live part", part_of[form], one.part)
        same("canonical is one", forms.setdefault(one.part, form), form)


def check_samplers(space: Space, valid: list[Architecture]) -> None:
    part_of = {a.picks: a.part for a in valid}
    try:
        every = ValidArchitectures(space)
        picks = [every.picks(number) for number in range(every.size)]
        same("valid ones are sampled", sorted(picks), sorted(part_of))
    except FrontierTooWide:
        pass
    try:
        distinct = DistinctArchitectures(space)
        forms = [distinct.picks(number) for number in range(distinct.size)]
    except FrontierTooWide:
        return
    holds("distinct ones are valid", part_of.keys() >= set(forms), set(forms) - part_of.keys())
    parts = [part_of[form] for form in forms]
    same("distinct ones are sampled once", len(set(parts)), len(parts))
    same("distinct ones are sampled", set(parts), set(part_of.values()))


def check_means(space: Space, listed: list[Architecture], random: Random) -> None:
    """Means under probabilities, some of them zero, as exact fractions."""
    parts = [_parts(len(d.options), random) for d in space.decisions]
    given = {
        d.name: [Fraction(n, sum(own)) for n in own]
        for d, own in zip(space.decisions, parts, strict=True)
    }
    weights = [
        (prod(own[k] for own, k in zip(parts, a.picks, strict=True)), a.costs)
        for a in listed
        if a.valid
    ]
    total = sum(w for w, _ in weights)
    try:
        found = space.expected_cost(given)
    except NotProbabilities:
        same("probability of what is valid", total, 0)
        return
    if found is None:
        return
    same("probability of what is valid", found.valid, Fraction(total, prod(map(sum, parts))))
    for place, measure in enumerate(MEASURES):
        mean = Fraction(sum(w * costs[place] for w, costs in weights), total)
        same(f"mean: {measure}", getattr(found, measure), mean)


def _parts(options: int, random: Random) -> list[int]:
    """Whole numbers that are as probabilities to one another."""
    drawn = [random.choice((0, 1, 1, 2, 3)) for _ in range(options)]
    drawn[random.randrange(options)] += 1
    return drawn
