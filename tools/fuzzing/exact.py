"""Spaces with few architectures: what every analysis says of them is true of the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import prod
from random import Random

from autorecon import Space
from autorecon.graph import derive_choices
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.counting.decision_diagram import FrontierTooWide
from autorecon.graph.counting.expected_cost import NotProbabilities
from autorecon.graph.counting.paths import Paths
from autorecon.graph.sampling.mutate import crossover, mutate
from autorecon.graph.sampling.sample import DistinctArchitectures, ValidArchitectures
from autorecon.graph.survey import extremes
from autorecon.lang.program.flow import label_reads
from fuzzing.judge import Difference, holds, same
from fuzzing.listing import MEASURES, Architecture, Listing, Part, Picks
from fuzzing.orbits import check_symmetry

MOST = 3_000  # architectures that are listed
GENOTYPES = 3  # that are made of those

Analysis = Callable[[Space, list[Architecture], Random], None]


def check_exact(space: Space, random: Random) -> int:
    """Compares all analyses of a space with the list of its architectures, and says how many
    these are; 0 for a space that is too large."""
    if prod(len(d.options) for d in space.program.decisions.values()) > MOST:
        return 0
    listed = Listing(space.program).architectures()
    for check in ANALYSES.values():
        check(space, listed, random)
    return len(listed)


def check_counts(space: Space, listed: list[Architecture], _: Random) -> None:
    """What an analysis cannot tell is None."""
    same("architectures", space.architectures, len(listed))
    valid = _valid(listed)
    for kind, found, expected in (
        ("valid", space.valid_architectures, len(valid)),
        ("distinct", space.distinct_architectures, len({a.part for a in valid})),
    ):
        if found is not None:
            same(f"count of {kind}", found, expected)


def _valid(listed: list[Architecture]) -> list[Architecture]:
    return [a for a in listed if a.valid]


def check_costs(space: Space, listed: list[Architecture], _: Random) -> None:
    valid = _valid(listed)
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


def check_ends(space: Space, listed: list[Architecture], _: Random) -> None:
    """The cheapest and the dearest architecture are valid, and cost what they are said to."""
    valid = _valid(listed)
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
        same("what is live at an end", set(found.architecture.live), {name for name, _ in one.part})
        for measure in found.by:
            place, end = MEASURES.index(measure), {"cheapest": min, "dearest": max}[found.end]
            same(f"the {found.end}", said[place], end(a.costs[place] for a in valid))


def check_cuts(space: Space, listed: list[Architecture], _: Random) -> None:
    """The fewest edges that are `none` and cut the noise off; ties may take more than needed."""
    none = {e.name: [c.ops[0].name == "none" for c in e.candidates] for e in space.edges}
    open_edges = [e.name for e in space.edges if len(e.candidates) > 1]
    cuts = [sum(none[n][a.chosen[n]] for n in open_edges) for a in listed if a.cut]
    lines = space.counterexample
    noise = any(n.role == "noise" for n in space.nodes.values())
    told = noise or not label_reads(space.nodes, space.edges)
    if told and not space.is_tied and not space.program.rules:
        same("lines that cut", len(lines), min(cuts, default=0))
    said = dict(line.rsplit(" = ", 1) for line in lines)
    wanted = [(i, said[d.text]) for i, d in enumerate(space.decisions) if d.text in said]
    for one in listed if lines else ():
        if all(space.decisions[i].options[one.picks[i]] == option for i, option in wanted):
            holds("what the lines cut is cut", one.cut, one.picks)


def check_best(space: Space, listed: list[Architecture], random: Random) -> None:
    """What is derived is valid: each decision's most probable option where that is, and with rules
    and limits the most probable architecture of all."""
    valid = _valid(listed)
    given = {d.name: [random.uniform(0.01, 1) for _ in d.options] for d in space.decisions}
    try:
        chosen = derive_choices(space, given)
    except ArchitectureError:
        holds("something can be derived", not valid)
        return
    picks = tuple(d.options.index(chosen[d.name]) for d in space.decisions)
    found = next((a for a in valid if a.picks == picks), None)
    holds("what is derived is valid", found is not None, picks)
    likeliest = tuple(given[d.name].index(max(given[d.name])) for d in space.decisions)
    if any(a.picks == likeliest for a in valid):
        same("the most probable options are derived", picks, likeliest)
    if space.restrictions and space.cost.exact:
        best = max(_weight(a, space, given) for a in valid)
        holds("the most probable is derived", _weight(found, space, given) > best * 0.999999)


def _weight(one: Architecture, space: Space, given: Mapping[str, Sequence[float]]) -> float:
    return prod(given[d.name][k] for d, k in zip(space.decisions, one.picks, strict=True))


def check_liveness(space: Space, listed: list[Architecture], _: Random) -> None:
    """Validity, and that canonical picks stand for one generator each."""
    part_of = {a.picks: a.part for a in listed}
    forms: dict[Part, Picks] = {}
    for one in listed:
        same("is_valid", space.liveness.is_valid(one.picks), one.valid)
        form = space.liveness.canonical(one.picks)
        same("canonical has its live part", part_of[form], one.part)
        same("canonical is one", forms.setdefault(one.part, form), form)


def check_genotypes(space: Space, listed: list[Architecture], random: Random) -> None:
    """Of some: the genotype, its cost, number and id, and the one form of all that build it."""
    part_of = {a.picks: a.part for a in _valid(listed)}
    costs = {a.picks: a.costs for a in listed}
    forms: dict[Part, Picks] = {}
    for picks in random.sample(sorted(part_of), min(GENOTYPES, len(part_of))):
        found = space.genotype(picks)
        same("picks of a genotype", space.picks(found), picks)
        same("cost of a genotype", tuple(_costs(found)), costs[picks])
        same("genotype of a number", space.decode(space.encode(found)), found)
        same("genotype of an id", space.from_id(space.architecture_id(found)), found)
        form = space.picks(space.canonical(found, up_to_symmetry=False))
        same("canonical genotype has its live part", part_of[form], part_of[picks])
        same("canonical genotype is one", forms.setdefault(part_of[picks], form), form)


def _costs(genotype: Space) -> list[int]:
    return [getattr(genotype.cost, measure).max for measure in MEASURES]


def check_samplers(space: Space, listed: list[Architecture], _: Random) -> None:
    part_of = {a.picks: a.part for a in _valid(listed)}
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
    if not space.restrictions:  # of which the canonical form knows nothing
        canonical = [space.liveness.canonical(form) for form in forms]
        same("distinct ones are canonical", forms, canonical)
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
        for a in _valid(listed)
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


def check_changes(space: Space, listed: list[Architecture], random: Random) -> None:
    """A child has what its parents have, and a mutant differs in one decision where it can."""
    valid = [a.picks for a in _valid(listed)]
    if not valid:
        return
    one, other = random.choice(valid), random.choice(valid)
    child = crossover(space, one, other, random)
    holds("a child is valid", child in valid, (one, other, child))
    inherited = all(pick in pair for pick, *pair in zip(child, one, other, strict=True))
    holds("a child is of its parents", inherited, (one, other, child))
    mutant = mutate(space, one, random)
    holds("a mutant is valid", mutant in valid, (one, mutant))
    neighbours = {picks for picks in valid if _apart(picks, one) == 1}
    if not space.restrictions:
        holds("a mutant is a neighbour", mutant in (neighbours or {one}), (one, mutant))
    holds("a mutant is near", _apart(mutant, one) <= 2, (one, mutant))


def _apart(one: Picks, other: Picks) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def check_paths(space: Space, _listed: list[Architecture], _: Random) -> None:
    onward: dict[str, list[str]] = {}
    for edge in space.widest.edges:
        if not edge.is_cut:
            onward.setdefault(edge.source, []).append(edge.target)

    def lengths(name: str) -> list[int]:
        if name == space.output.name:
            return [0]
        return [1 + length for target in onward.get(name, ()) for length in lengths(target)]

    walked = [length for node in space.program.inputs for length in lengths(node.name)]
    same("paths", space.paths, Paths(len(walked), min(walked), max(walked)))


# What is said of a space, and how that is compared with the list.
ANALYSES: dict[str, Analysis] = {
    "counts": check_counts,
    "costs": check_costs,
    "extremes": check_ends,
    "counterexample": check_cuts,
    "liveness": check_liveness,
    "genotypes": check_genotypes,
    "samples": check_samplers,
    "symmetry": check_symmetry,
    "expected cost": check_means,
    "derivation": check_best,
    "mutation": check_changes,
    "paths": check_paths,
}
