"""Probabilities -> genotype (Eq. 8), repaired so that the image is reached from the noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autorecon.graph.space import Space
from autorecon.lang import Edge, Pipeline, decide
from autorecon.lang.check_graph import is_cut

Probabilities = Mapping[str, Sequence[float]]


def derive_choices(space: Space, probabilities: Probabilities) -> dict[str, Pipeline]:
    """The most probable candidate of every edge (Eq. 8), by edge name.

    Where that cuts the image from the noise, `none` is given up on one edge after the other, the
    least certain first, until a path exists. Ties go to the candidate that is written first.
    """
    choices = {edge.name: _best(edge, probabilities, none=True) for edge in space.edges}
    given_up = [e for e in space.choices if choices[e.name].is_none and not e.is_cut]
    given_up.sort(key=lambda e: _regret(e, probabilities))
    while given_up and _cut(space, choices):
        edge = given_up.pop(0)
        choices[edge.name] = _best(edge, probabilities, none=False)
    return choices


def _best(edge: Edge, probabilities: Probabilities, none: bool) -> Pipeline:
    if len(edge.candidates) == 1:
        return edge.candidates[0]
    weighed = zip(edge.candidates, probabilities[edge.name], strict=True)
    return max(((c, p) for c, p in weighed if none or not c.is_none), key=lambda pair: pair[1])[0]


def _regret(edge: Edge, probabilities: Probabilities) -> float:
    """How much probability is lost when the edge may not be `none`."""
    weights = probabilities[edge.name]
    pairs = list(zip(edge.candidates, weights, strict=True))
    return max(p for c, p in pairs if c.is_none) - max(p for c, p in pairs if not c.is_none)


def _cut(space: Space, choices: Mapping[str, Pipeline]) -> bool:
    return is_cut(space.nodes, (e for e in space.edges if not choices[e.name].is_none))


def genotype(space: Space, choices: Mapping[str, Pipeline], *, of: str | None = None) -> Space:
    """The genotype of `space` that these choices make, with its text.

    `of` is how the text names the space's file; by default the name of the file that it was read
    from.
    """
    path = space.program.source.path
    of = of or (path.name if path else f"{space.name}.space")
    return Space(decide(space.program, choices, f"{space.name}_genotype", of))
