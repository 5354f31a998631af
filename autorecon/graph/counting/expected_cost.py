"""What architectures cost on average when every decision is drawn by itself."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from autorecon.graph.counting.cost import measures
from autorecon.graph.counting.decision_diagram import Diagram, FrontierTooWide, Semiring, Weights
from autorecon.graph.counting.diagram_steps import Tokens
from autorecon.graph.counting.limited_sums import within_limits
from autorecon.lang import Decision, Edge, Program
from autorecon.lang.program.measures import FREE, ByMeasure
from autorecon.lang.program.ties import combinations

Probabilities = Mapping[str, Sequence[Any]]

TOLERANCE = 1e-4  # softmax in single precision


class NotProbabilities(ValueError):
    """They are missing for a decision, negative, or do not add up to one."""

    exit_code = 2


@attrs.frozen
class Expectation(ByMeasure[Any]):
    """Means over the architectures that are valid; `valid` is the probability that one is. Exact
    but for rounding; Fractions stay Fractions."""

    valid: Any = attrs.field(kw_only=True)


# A probability, and for each measure its product with the mean.
_Value = tuple[Any, ...]


def _plus(a: _Value, b: _Value) -> _Value:
    return tuple(map(operator.add, a, b))


def _times(a: _Value, b: _Value) -> _Value:
    """Independent parts: probabilities multiply, means add."""
    p, q = a[0], b[0]
    found = [x * q + p * y for x, y in zip(a, b, strict=True)]
    found[0] = p * q
    return tuple(found)


MEAN = Semiring(_plus, _times, (1, *FREE), (0, *FREE))


def expected_cost(
    program: Program, choices: Diagram | None, probabilities: Probabilities
) -> Expectation | None:
    """Means over the valid architectures, given the probabilities of each decision's options;
    `choices` is the diagram of all of them.

    None when the space is too entangled. Raises NotProbabilities; also where no valid architecture
    has a probability.
    """
    given = {d.name: _checked(d, probabilities) for d in program.decisions.values()}
    if choices is None:
        return None
    weights = _weights(program, choices.tokens, given)
    try:
        valid, *means = within_limits(program, choices, weights, MEAN)
    except FrontierTooWide:
        return None
    if not valid:
        raise NotProbabilities("with these probabilities no architecture is valid")
    for owner in sorted({edge.weights_of for edge in program.edges if edge.weights_of}):
        means = list(map(operator.sub, means, _unpaid(owner, program, choices, weights)))
    return Expectation(*(mean / valid for mean in means), valid=valid)


def _checked(decision: Decision, probabilities: Probabilities) -> Sequence[Any]:
    given = probabilities.get(decision.name)
    if given is None or len(given) != len(decision.options):
        raise NotProbabilities(f"{decision.name} needs {len(decision.options)} probabilities")
    if min(given) < 0 or abs(sum(given) - 1) > TOLERANCE:
        raise NotProbabilities(f"the probabilities of {decision.name} do not add up to one")
    return given


def _weights(program: Program, tokens: Tokens, given: Probabilities) -> Weights:
    """Weights that edges share are paid by the one whose they are, whether it is live or not."""
    costs = measures(program)
    nodes = {name: (1, *(c.nodes[name] for c in costs)) for name in program.nodes}
    live, idle = {}, {}
    for edge in program.edges:
        name = edge.name
        values = list(zip(*(c.edges[name] for c in costs), strict=True))
        shared = [name in c.owners for c in costs]
        owned = [name in c.owners.values() for c in costs]
        rows = _rows(edge, program, tokens, given, values)
        live[name] = [(p, *_some(means, shared, without=True)) for p, *means in rows]
        idle[name] = [(p, *_some(means, owned, without=False)) for p, *means in rows]
    of_tied = {name: [(p, *FREE) for p in given[name]] for name in tokens}
    return Weights(nodes, live, idle, of_tied)


def _some(means: Sequence[Any], marked: Sequence[bool], *, without: bool) -> list[Any]:
    """Those of marked measures, or of the others; nothing of the rest."""
    return [0 if mark == without else mean for mean, mark in zip(means, marked, strict=True)]


def _rows(
    edge: Edge,
    program: Program,
    tokens: Tokens,
    given: Probabilities,
    costs: Sequence[Sequence[int]],
) -> list[_Value]:
    """Of each row of an edge's table, where it stands for all that the tokens of tied decisions
    leave: the probability of what it depends on alone, and the products with the mean costs."""
    shares = {axis: _shares(given[axis], tokens.get(axis)) for axis in edge.axes}
    rows: dict[tuple[int, ...], _Value] = {}
    for picks, candidate in combinations(edge, program):
        found = [shares[axis][pick] for axis, pick in zip(edge.axes, picks, strict=True)]
        share = math.prod(p for _, p in found)
        first = tuple(option for option, _ in found)
        value = (share, *(share * cost for cost in costs[candidate]))
        rows[first] = _plus(rows[first], value) if first in rows else value
    return [rows.get(picks, MEAN.zero) for picks, _ in combinations(edge, program)]


def _shares(given: Sequence[Any], tokens: Sequence[Sequence[int]] | None) -> list[tuple[int, Any]]:
    """Of each option, the first of its token and its probability within that; alone it is its own
    and has all of its probability."""
    if tokens is None:
        return list(enumerate(given))
    found: dict[int, tuple[int, Any]] = {}
    for options in tokens:
        total = sum(given[option] for option in options)
        for option in options:
            alone = 1 if len(options) == 1 else 0
            found[option] = options[0], given[option] / total if total and not alone else alone
    return [found[option] for option in range(len(given))]


def _unpaid(owner: str, program: Program, choices: Diagram, weights: Weights) -> Any:
    """What an owner of shared weights has paid where no edge that has them is live."""
    paid, waiting = weights.edges or {}, weights.idle or {}
    members = {e.name for e in program.edges if owner in (e.name, e.weights_of)}
    live = {
        name: [MEAN.zero if name in members else (p, *FREE) for p, *_ in own]
        for name, own in paid.items()
    }
    idle = {
        name: own if name == owner else [(p, *FREE) for p, *_ in own]
        for name, own in waiting.items()
    }
    return choices.total(attrs.evolve(weights, nodes={}, edges=live, idle=idle), MEAN)[1:]
