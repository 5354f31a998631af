"""What architectures cost on average when every edge's candidate is drawn by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from autorecon.graph import statuses as st
from autorecon.graph.cost import Costs, all_choices, measures
from autorecon.graph.frontier import Semiring, Weights
from autorecon.lang import Edge, Node, Program

Probabilities = Mapping[str, Sequence[Any]]

TOLERANCE = 1e-4  # softmax in single precision


class NotProbabilities(ValueError):
    """They are missing for an edge, negative, or do not add up to one."""

    exit_code = 2


@attrs.frozen
class Expectation:
    """`valid` is the probability that an architecture is valid; the others are means over those
    that are, in `CostInterval`'s units. Exact but for rounding; Fractions stay Fractions."""

    valid: Any
    parameters: Any
    macs: Any
    activations: Any


# A probability, and for each measure its product with the mean.
_Value = tuple[Any, ...]


def _plus(a: _Value, b: _Value) -> _Value:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3])


def _times(a: _Value, b: _Value) -> _Value:
    """Independent parts: probabilities multiply, means add."""
    p, q = a[0], b[0]
    return (p * q, a[1] * q + p * b[1], a[2] * q + p * b[2], a[3] * q + p * b[3])


MEAN = Semiring(_plus, _times, (1, 0, 0, 0), (0, 0, 0, 0))


@attrs.frozen
class _Drawn(Weights):
    """Weights by what an edge takes; `edges` holds them for live ones."""

    others: Mapping[str, _Value] = attrs.field(factory=dict)
    none: Mapping[str, _Value] = attrs.field(factory=dict)

    def of(self, owner: Node | Edge, takes: str, every: bool) -> Any:
        if isinstance(owner, Node) or takes == st.LIVE_ONES:
            return Weights.of(self, owner, takes, every)
        if takes == st.ANY:
            return None
        return (self.others if takes == st.OTHERS else self.none)[owner.name]


def expected_cost(program: Program, probabilities: Probabilities) -> Expectation | None:
    """Means over the valid architectures, given the probabilities of each open edge's candidates.

    None when the space is too entangled. Raises NotProbabilities; also where no valid architecture
    has a probability.
    """
    drawn = {edge.name: _of_edge(edge, probabilities) for edge in program.edges}
    choices = all_choices(program)
    if choices is None:
        return None
    weights = _weights(program, drawn)
    valid, *means = choices.total(weights, MEAN)
    if not valid:
        raise NotProbabilities("with these probabilities the noise never reaches the output")
    return Expectation(valid, *(mean / valid for mean in means))


def _of_edge(edge: Edge, probabilities: Probabilities) -> Sequence[Any]:
    if len(edge.candidates) == 1:
        return [1]
    given = probabilities.get(edge.name)
    if given is None or len(given) != len(edge.candidates):
        raise NotProbabilities(f"{edge.name} needs {len(edge.candidates)} probabilities")
    if min(given) < 0 or abs(sum(given) - 1) > TOLERANCE:
        raise NotProbabilities(f"the probabilities of {edge.name} do not add up to one")
    return given


def _weights(program: Program, drawn: Mapping[str, Sequence[Any]]) -> _Drawn:
    costs = measures(program)
    nodes = {name: (1, *(c.nodes[name] for c in costs)) for name in program.nodes}
    edges, others, none = {}, {}, {}
    for edge in program.edges:
        given = list(zip(edge.candidates, drawn[edge.name], strict=True))
        live = [p for c, p in given if not c.is_none]
        edges[edge.name] = (sum(live), *(_mean(live, c, edge) for c in costs))
        others[edge.name] = (sum(live), 0, 0, 0)
        none[edge.name] = (sum(p for c, p in given if c.is_none), 0, 0, 0)
    return _Drawn(nodes, edges, others, none)


def _mean(live: Sequence[Any], costs: Costs, edge: Edge) -> Any:
    return sum(p * cost for p, cost in zip(live, costs.edges[edge.name], strict=True))
