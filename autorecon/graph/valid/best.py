"""The best architecture within a space's rules and limits, by a score that adds up."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from autorecon.graph.architectures.architectures import Architectures
from autorecon.graph.architectures.codec import ArchitectureError, Picks
from autorecon.graph.architectures.ids import places
from autorecon.graph.architectures.liveness import liveness
from autorecon.graph.architectures.restrictions import restrictions
from autorecon.graph.counting.decision_diagram import Semiring, Weights, diagram
from autorecon.graph.counting.limited_sums import within_limits
from autorecon.graph.valid.extent import exact, listed, untied
from autorecon.lang.program.tied_cases import deciding_edges

_TINY = 1e-300  # for options that are never drawn
_STEPS = 4  # of repair, a decision


@attrs.frozen
class Scores:
    """What a node scores when it is live, and an edge by its candidate when it is live or not.

    `of` gives the same score to picks, for spaces that are listed.
    """

    nodes: Mapping[str, Any]
    live: Mapping[str, Sequence[Any]]
    idle: Mapping[str, Sequence[Any]]
    of: Callable[[Picks], Any]


# A score, and as a tree of pairs which candidates it is of; None is none.
_Value = tuple[Any, Any]


def _better(a: _Value, b: _Value) -> _Value:
    return b if b[0] > a[0] else a


def _both(a: _Value, b: _Value) -> _Value:
    if a[1] is None or b[1] is None:
        return a[0] + b[0], a[1] or b[1]
    return a[0] + b[0], (a[1], b[1])


BEST = Semiring(_better, _both, (0, None), (-math.inf, None))


def best(space: Architectures, scores: Scores) -> Picks | None:
    """The valid architecture with the greatest score; None when the space is too entangled.

    Raises ArchitectureError where rules and limits leave none.
    """
    return exact(space, lambda space: _by_sum(space, scores), lambda space: _by_list(space, scores))


def _by_sum(space: Architectures, scores: Scores) -> Picks:
    nodes = {name: (score, None) for name, score in scores.nodes.items()}
    live, idle = (
        {
            name: [(score, (name, i)) for i, score in enumerate(each)]
            for name, each in weights.items()
        }
        for weights in (scores.live, scores.idle)
    )
    program = untied(space)
    choices = diagram(program, every=True)
    _, tree = within_limits(program, choices, Weights(nodes, live, idle), BEST)
    if tree is None:
        raise ArchitectureError(f"no architecture of {space.name} keeps to its rules and limits")
    chosen = dict(_leaves(tree))
    return tuple(chosen[edge.name] for edge in deciding_edges(program))


def _leaves(tree: Any) -> list[tuple[str, int]]:
    found, waiting = [], [tree]
    while waiting:
        first, second = waiting.pop()
        if isinstance(first, str):
            found.append((first, second))
        else:
            waiting += [first, second]
    return found


def _by_list(space: Architectures, scores: Scores) -> Picks:
    return max(listed(space), key=scores.of)


def most_probable(space: Architectures, probabilities: Sequence[Sequence[float]]) -> Picks:
    """The valid architecture that draws of every decision's options hit most often.

    That is exact; in a space too entangled for it the picks are repaired one by one, and may end
    in another. Raises ArchitectureError where that finds none.
    """
    logs = [[math.log(max(p, _TINY)) for p in each] for each in probabilities]
    place = places(space)
    drawn = {e.name: logs[place[e.decision]] if e.decision else [0.0] for e in space.edges}
    scores = Scores({}, drawn, drawn, lambda picks: _sum(logs, picks))
    found = best(space, scores)
    return _repaired(space, logs) if found is None else found


def _sum(logs: Sequence[Sequence[float]], picks: Picks) -> float:
    return sum(each[pick] for each, pick in zip(logs, picks, strict=True))


def _repaired(space: Architectures, logs: Sequence[Sequence[float]]) -> Picks:
    """From the most probable options, always the change that leaves the least broken."""
    picks = tuple(max(range(len(each)), key=each.__getitem__) for each in logs)
    for _ in range(_STEPS * len(picks)):
        if liveness(space).is_valid(picks):
            return picks
        picks = min(_neighbours(picks, space.codec.radices), key=lambda p: _faults(space, logs, p))
    message = f"no way was found from the most probable architecture of {space.name} to a valid one"
    raise ArchitectureError(message)


def _neighbours(picks: Picks, radices: Picks) -> list[Picks]:
    changes = ((place, option) for place, n in enumerate(radices) for option in range(n))
    return [
        (*picks[:place], option, *picks[place + 1 :])
        for place, option in changes
        if picks[place] != option
    ]


def _faults(
    space: Architectures, logs: Sequence[Sequence[float]], picks: Picks
) -> tuple[float, float]:
    held = restrictions(space)
    excess = (held.excess(picks) if held else 0) + liveness(space).lacking(picks)
    return excess, -_sum(logs, picks)
