"""The best architecture within a space's rules and limits, by a score that adds up."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from autorecon.graph.architectures.architectures import Architectures
from autorecon.graph.architectures.codec import ArchitectureError, Picks
from autorecon.graph.architectures.liveness import liveness, restrictions
from autorecon.graph.counting.decision_diagram import Diagram, Semiring, Weights
from autorecon.graph.counting.diagram_steps import Owner
from autorecon.graph.counting.limited_sums import within_limits
from autorecon.graph.counting.picked import reader
from autorecon.graph.valid.extent import every_option, exact, known, listed
from autorecon.lang import Decision, Edge, Program
from autorecon.lang.program.ties import combinations, tied_decisions

_TINY = 1e-300  # for options that are never drawn
_STEPS = 4  # of repair, a decision


@attrs.frozen
class Scores:
    """What a node scores when it is live, an edge by its candidate when it is live or not, and a
    decision by its option; nothing, where it is left out.

    `of` gives the same score to picks, for spaces that are listed.
    """

    of: Callable[[Picks], Any]
    nodes: Mapping[str, Any] = attrs.field(factory=dict)
    live: Mapping[str, Sequence[Any]] = attrs.field(factory=dict)
    idle: Mapping[str, Sequence[Any]] = attrs.field(factory=dict)
    decisions: Mapping[str, Sequence[Any]] = attrs.field(factory=dict)


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

    def by_list(space: Architectures) -> Picks:
        return max(listed(space), key=scores.of)

    def by_sum(space: Architectures) -> Picks:
        return best_path(space, known(every_option(space)), scores)

    return exact(space, by_sum, by_list)


def best_path(space: Architectures, choices: Diagram, scores: Scores) -> Picks:
    """The best of a diagram of its architectures, or of an untied space's live parts: then what is
    not live is `none`, or else the first option. Raises as `best`, and FrontierTooWide."""
    program = space.program
    _, tree = within_limits(program, choices, _weights(program, scores), BEST)
    if tree is None:
        raise ArchitectureError(f"no architecture of {space.name} keeps to its rules and limits")
    chosen = reader(program)(_leaves(tree))
    if not choices.every:
        for edge in program.edges:
            chosen.setdefault(str(edge.decision), edge.none or 0)
    return tuple(chosen[name] for name in program.decisions)


def _weights(program: Program, scores: Scores) -> Weights:
    """By a diagram's options, with what they are of as leaves of a tree."""
    drawn = {
        d.name: scores.decisions.get(d.name, [0] * len(d.options))
        for d in program.decisions.values()
    }
    tied = {name: drawn.pop(name) for name in tied_decisions(program)}

    def of_rows(edge: Edge, of: Sequence[Any] | None) -> list[_Value]:
        alone = [(place, drawn[axis]) for place, axis in enumerate(edge.axes) if axis in drawn]
        return [
            ((of[c] if of else 0) + sum(own[picks[place]] for place, own in alone), (edge, row))
            for row, (picks, c) in enumerate(combinations(edge, program))
        ]

    return Weights(
        {name: (score, None) for name, score in scores.nodes.items()},
        {edge.name: of_rows(edge, scores.live.get(edge.name)) for edge in program.edges},
        {edge.name: of_rows(edge, scores.idle.get(edge.name)) for edge in program.edges},
        {n: [(s, (program.decisions[n], o)) for o, s in enumerate(of)] for n, of in tied.items()},
    )


def _leaves(tree: Any) -> list[tuple[Owner, int]]:
    found: list[tuple[Owner, int]] = []
    waiting = [tree]
    while waiting:
        first, second = waiting.pop()
        if isinstance(first, Edge | Decision):
            found.append((first, second))
        else:
            waiting += [first, second]
    return found


def most_probable(space: Architectures, probabilities: Sequence[Sequence[float]]) -> Picks:
    """The valid architecture that draws of every decision's options hit most often.

    That is exact; in a space too entangled for it the picks are repaired one by one, and may end
    in another. Raises ArchitectureError where that finds none.
    """
    logs = [[math.log(max(p, _TINY)) for p in each] for each in probabilities]
    drawn = dict(zip(space.program.decisions, logs, strict=True))
    found = best(space, Scores(lambda picks: _sum(logs, picks), decisions=drawn))
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
