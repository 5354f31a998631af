"""Probabilities -> genotype (Eq. 8), repaired so that the image is reached from the noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from autorecon.graph.architectures.architectures import Architectures
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.architectures.ids import options, picks_by_name
from autorecon.graph.architectures.liveness import liveness, restrictions
from autorecon.graph.valid.best import most_probable
from autorecon.lang import Decision, Program, decide
from autorecon.lang.program.ties import Option, absences

# By decision, one number an option.
Probabilities = Mapping[str, Sequence[float]]


def derive_choices(space: Architectures, probabilities: Probabilities) -> dict[str, str]:
    """The most probable option of every decision (Eq. 8), by decision.

    Where that cuts the image from the noise, `none` is given up at one decision after the other,
    the least certain first, until a path exists. Among equals, the one written first is taken.

    In a space with rules or limits, or where more than noise is required, it is the most probable
    architecture of all that are valid, when every decision is drawn by itself; where the space is
    too entangled to find that, a valid one.
    Raises ArchitectureError where there none is found.
    """
    weights = [probabilities[decision.name] for decision in space.decisions]
    if space.program.is_restricted:
        return options(space, most_probable(space, weights))
    picks = [_best(weight, range(len(weight))) for weight in weights]
    fuller = _fullest(space)
    given_up = [place for place, pick in enumerate(picks) if pick not in fuller[place]]
    given_up.sort(key=lambda place: _regret(weights[place], picks[place], fuller[place]))
    while given_up and not liveness(space).is_valid(picks):
        place = given_up.pop(0)
        picks[place] = _best(weights[place], fuller[place])
    if not liveness(space).is_valid(picks):
        # Of tied decisions an option may be `none` on one edge and keep another from it.
        return options(space, most_probable(space, weights))
    return options(space, tuple(picks))


def _best(weights: Sequence[float], among: Iterable[int]) -> int:
    return max(among, key=weights.__getitem__)


def _regret(weights: Sequence[float], pick: int, among: Iterable[int]) -> float:
    """How much probability is lost when it must be one of others."""
    return weights[pick] - weights[_best(weights, among)]


def _fullest(space: Architectures) -> list[list[int]]:
    """Of each decision, the options that are `none` on the fewest edges."""
    absent = absences(space.program)
    return [_least(d, absent) for d in space.decisions]


def _least(decision: Decision, absent: Counter[Option]) -> list[int]:
    counts = [absent[decision.name, option] for option in range(len(decision.options))]
    return [option for option, count in enumerate(counts) if count == min(counts)]


def derived(space: Architectures, choices: Mapping[str, str], of: str | None = None) -> Program:
    """The program of the genotype; see `space.genotype`."""
    path = space.program.source.path
    of = of or (path.name if path else f"{space.name}.space")
    picks = picks_by_name(space, choices)
    held = restrictions(space)
    if held and (broken := held.broken(picks)):
        said = ", ".join(f"`{one.text}` does not hold ({figure:,})" for one, figure in broken)
        raise ArchitectureError(f"no architecture of {space.name}: {said}")
    return decide(space.program, options(space, picks), f"{space.name}_genotype", of)
