"""All live parts of a space as one diagram, and sums over them without listing them.

The frontiers' statuses are the states of a layered graph, the DIAGRAM, whose paths are the live
parts, as decision diagrams hold the subgraphs of a graph. A sum over its paths is one pass over its
arcs, in any semiring: (+, *) counts, (min, +) finds the least cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import attrs

from autorecon.graph.counting.diagram_steps import Arcs, Owner, PathKind, Take, Tokens, steps
from autorecon.graph.counting.paths import require_path
from autorecon.graph.counting.roles import Roles
from autorecon.graph.counting.rule_counts import binding_rules, unobeyable
from autorecon.lang import Decision, Edge, Node, Program
from autorecon.lang.program.ties import classes, tied_decisions

if TYPE_CHECKING:
    from autorecon.lang.program.rules import Count

# About a second; past it a space is too entangled for an exact answer.
MAX_STEPS = 500_000
MAX_EDGES = 5_000


class FrontierTooWide(ValueError):
    """An exact answer would take too many steps."""

    exit_code = 1


@attrs.frozen
class Semiring:
    """How different live parts (`plus`) and the members of one (`times`) combine."""

    plus: Callable[[Any, Any], Any]
    times: Callable[[Any, Any], Any]
    one: Any
    zero: Any


@attrs.frozen
class Weights:
    """What a live node contributes and, one number an option, a tied decision and a live edge;
    None: one each.

    On a diagram of `every` architecture the choices on edges that are not live count too, one
    each or as `idle` says; on one of live parts these have no weight, however many architectures
    share a part.
    """

    nodes: Mapping[str, Any] = attrs.field(factory=dict)
    edges: Mapping[str, Sequence[Any]] | None = None
    idle: Mapping[str, Sequence[Any]] | None = None
    decisions: Mapping[str, Sequence[Any]] | None = None

    def of(self, owner: Owner, take: Take, every: bool, semiring: Semiring) -> Any:
        """The weight of a layer's arcs; None is the semiring's one."""
        if isinstance(owner, Node):
            return self.nodes.get(owner.name) if take.live else None
        if isinstance(owner, Decision):
            weights, counts = self.decisions, every or self.decisions is not None
        else:
            weights, counts = self.edges if take.live else self.idle, take.live or every
        if not counts or not take.options:
            return None
        if weights is None:
            return reduce(semiring.plus, [semiring.one] * len(take.options))
        return reduce(semiring.plus, [weights[owner.name][option] for option in take.options])


@attrs.frozen
class Layer:
    """A node's status, a tied decision's options or an edge's: arcs from the states before to those
    after, by what they take."""

    owner: Owner
    arcs: Arcs
    size: int

    def advance(self, values: Sequence[Any], weights: Callable, semiring: Semiring) -> list[Any]:
        """The values of the states after it, from those of the states before it."""
        plus, times = semiring.plus, semiring.times
        after = [semiring.zero] * self.size
        for take, arcs in self.arcs.items():
            weight = weights(self.owner, take)
            before = values if weight is None else [times(value, weight) for value in values]
            for old, new in arcs:
                after[new] = plus(after[new], before[old])
        return after


@attrs.frozen
class Diagram:
    """Its paths from the one state at the start to state `final` of the last layer are the live
    parts with all required inputs; with `every`, the valid architectures by statuses.

    `tokens` are the options of tied decisions that its arcs do not tell apart.
    """

    layers: tuple[Layer, ...]
    final: int | None  # no state: rules that nothing obeys
    every: bool
    tokens: Tokens = attrs.field(factory=dict)

    @property
    def arcs(self) -> int:
        return sum(len(arcs) for layer in self.layers for arcs in layer.arcs.values())

    def candidate(self, edge: Edge, option: int) -> int:
        """The candidate that an arc's option is."""
        return edge.table[option] if self.every else option

    def tables(self, weights: Weights, semiring: Semiring) -> Iterator[list[Any]]:
        """The values of the states at the start and after each layer."""

        def of(owner: Owner, take: Take) -> Any:
            return weights.of(owner, take, self.every, semiring)

        values = [semiring.one]
        yield values
        for layer in self.layers:
            values = layer.advance(values, of, semiring)
            yield values

    def total(self, weights: Weights, semiring: Semiring) -> Any:
        """The sum, over the live parts with all required inputs, of the products of weights."""
        values: list[Any] = []
        for table in self.tables(weights, semiring):
            values = table
        return semiring.zero if self.final is None else values[self.final]


def diagram(program: Program, paths: PathKind = "one", tokens: Tokens | None = None) -> Diagram:
    """The live parts of a space, or `every` of its architectures; raises FrontierTooWide, and
    CutOff where nothing can be live.

    Its rules hold. Then live parts are those that SOME architecture within the rules has, as they
    are where decisions are tied, which is why a state is the set of all that cannot be seen may
    have led to. Without that, live parts may be there several times, by the picks of what is tied.
    """
    if len(program.edges) > MAX_EDGES:
        raise FrontierTooWide(f"{len(program.edges):,} edges are too many to sum over")
    tokens = alike(program, paths) if tokens is None else tokens
    if unobeyable(program):
        return Diagram((), None, paths == "every", tokens)
    require_path(program)
    sets = paths == "one" and bool(binding_rules(program) or tokens)
    states: Any = {frozenset([0]): 0} if sets else {0: 0}
    looks, layers = 0, []
    for step in steps(program, paths, tokens):
        if len(states) * step.ways > MAX_STEPS:
            raise _too_wide()
        states, arcs = step.apply_to_sets(states) if sets else step.apply(states)
        layers.append(Layer(step.owner, arcs, len(states)))
        looks += step.looks * (sum(map(len, states)) if sets else len(states))
        if looks > MAX_STEPS:
            raise _too_wide()
    last: Any = Roles(program.required).all_live
    final = states.get(frozenset([last]) if sets else last)
    return Diagram(tuple(layers), final, paths == "every", tokens)


def _too_wide() -> FrontierTooWide:
    return FrontierTooWide(f"it takes more than {MAX_STEPS:,} steps to sum over the space")


def each_option(program: Program) -> Tokens:
    """All options of tied decisions told apart."""
    tied = tied_decisions(program)
    return {name: [[o] for o in range(len(program.decisions[name].options))] for name in tied}


def alike(program: Program, paths: PathKind) -> Tokens:
    """Options that leave out the same edges, and are the same to rules and required roles."""
    if program.limits:
        return each_option(program)

    counts: dict[str, list[Count]] = defaultdict(list)
    of_choices: dict[str, list[frozenset[int]]] = defaultdict(list)
    for count in (count for rule in program.rules for count in rule.counts):
        if count.choice is not None:
            of_choices[count.choice].append(count.places)
            continue
        for name in count.edges:
            counts[name].append(count)

    def look(edge: Edge, index: int) -> tuple:
        candidate = edge.candidates[index]
        held = (count.matches(candidate) for count in counts[edge.name])
        return candidate.is_none, bool(candidate.labels), *held

    found: dict[str, Sequence[Sequence[int]]] = {
        name: _told_apart(alike, of_choices[name]) for name, alike in classes(program, look).items()
    }
    if paths == "one":
        # What an edge shows may be of several decisions.
        alone = {n for n in found if all(e.decision == n for e in program.edges if n in e.axes)}
        found |= {n: each for n, each in each_option(program).items() if n not in alone}
    return found


def _told_apart(classes: Iterable[list[int]], by: Sequence[frozenset[int]]) -> list[list[int]]:
    """Classes of options without two that are not in the same of these sets."""
    found: dict[tuple, list[int]] = defaultdict(list)
    for number, options in enumerate(classes):
        for option in options:
            found[number, *(option in some for some in by)].append(option)
    return [*found.values()]
