"""What architectures cost on average when every decision is drawn by itself."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from autorecon.graph.counting.cost import all_choices, measures
from autorecon.graph.counting.decision_diagram import FrontierTooWide, Semiring, Weights
from autorecon.graph.counting.limited_sums import within_limits
from autorecon.lang import Decision, Program
from autorecon.lang.program.measures import FREE, ByMeasure
from autorecon.lang.program.tied_cases import is_tied

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


def expected_cost(program: Program, probabilities: Probabilities) -> Expectation | None:
    """Means over the valid architectures, given the probabilities of each decision's options.

    None when the space is too entangled. Raises NotProbabilities; also where no valid architecture
    has a probability.
    """
    given = {d.name: _checked(d, probabilities) for d in program.decisions.values()}
    total = _of_tied(program, given) if is_tied(program) else _of_edges(program, given)
    if total is None:
        return None
    valid, *means = total
    if not valid:
        raise NotProbabilities("with these probabilities no architecture is valid")
    return Expectation(*(mean / valid for mean in means), valid=valid)


def _of_tied(program: Program, given: Probabilities) -> _Value | None:
    from autorecon.graph.counting.tied_mean import tied_total

    return None if program.is_restricted else tied_total(program, given, MEAN)


def _of_edges(program: Program, given: Probabilities) -> _Value | None:
    drawn = {e.name: given[e.decision] if e.decision else [1] for e in program.edges}
    choices = all_choices(program)
    if choices is None:
        return None
    try:
        return within_limits(program, choices, _weights(program, drawn), MEAN)
    except FrontierTooWide:
        return None


def _checked(decision: Decision, probabilities: Probabilities) -> Sequence[Any]:
    given = probabilities.get(decision.name)
    if given is None or len(given) != len(decision.options):
        raise NotProbabilities(f"{decision.name} needs {len(decision.options)} probabilities")
    if min(given) < 0 or abs(sum(given) - 1) > TOLERANCE:
        raise NotProbabilities(f"the probabilities of {decision.name} do not add up to one")
    return given


def _weights(program: Program, drawn: Mapping[str, Sequence[Any]]) -> Weights:
    costs = measures(program)
    nodes = {name: (1, *(c.nodes[name] for c in costs)) for name in program.nodes}
    live, idle = {}, {}
    for name, given in drawn.items():
        by_candidate = zip(given, *(c.edges[name] for c in costs), strict=True)
        live[name] = [(p, *(p * cost for cost in weighed)) for p, *weighed in by_candidate]
        idle[name] = [(p, *FREE) for p in given]
    return Weights(nodes, live, idle)
