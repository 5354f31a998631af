"""Mean, spread and paired differences of a few runs, with Student's t for their uncertainty, and
how alike two orders are."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Mapping, Sequence

import attrs


@attrs.frozen
class Sample:
    """Mean and sample standard deviation of `runs` figures; a single one has no deviation."""

    runs: int
    mean: float
    std: float | None


@attrs.frozen
class Paired:
    """The mean of `runs` differences, and its 95 % confidence interval; one run has none."""

    runs: int
    mean: float
    low: float | None
    high: float | None


def sample(values: Sequence[float]) -> Sample | None:
    """None of no values."""
    if not values:
        return None
    std = statistics.stdev(values) if len(values) > 1 else None
    return Sample(len(values), statistics.fmean(values), std)


def paired(ours: Mapping[int, float], theirs: Mapping[int, float]) -> Paired | None:
    """Of the differences ours - theirs, seed by seed, where both have a figure; None of none."""
    found = sample([ours[seed] - theirs[seed] for seed in sorted(ours.keys() & theirs.keys())])
    if found is None:
        return None
    if found.std is None:
        return Paired(found.runs, found.mean, None, None)
    half = t_quantile(0.975, found.runs - 1) * found.std / math.sqrt(found.runs)
    return Paired(found.runs, found.mean, found.mean - half, found.mean + half)


def t_quantile(probability: float, degrees: int) -> float:
    """Where Student's t distribution reaches a probability from 0.5 to below 1."""
    low, high = 0.0, math.pi / 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_cdf(middle, degrees) < probability else (low, middle)
    return math.sqrt(degrees) * math.tan(low)


def _t_cdf(angle: float, degrees: int) -> float:
    """P(T <= sqrt(degrees) tan(angle)) for an angle from 0 to pi/2.

    Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
    """
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2
    term, total = (cosine, 0.0) if odd else (1.0, 0.0)
    for step in range(1 + odd, degrees, 2):
        total += term
        term *= cosine**2 * step / (step + 1)
    both = 2 / math.pi * (angle + sine * total) if odd else sine * total
    return (1 + both) / 2


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """The rank correlation of two orders; 0 where one of them tells nothing apart."""
    one, other = ranks(first), ranks(second)
    if len(set(one)) < 2 or len(set(other)) < 2:
        return 0.0
    return statistics.correlation(one, other)


def kendall(first: Sequence[float], second: Sequence[float]) -> float:
    """Kendall's tau-b: of pairs that both tell apart, those put alike less the others; 0 where one
    tells nothing apart."""
    pairs = list(itertools.combinations(zip(first, second, strict=True), 2))
    signs = [(_sign(b[0] - a[0]), _sign(b[1] - a[1])) for a, b in pairs]
    told = [sum(sign[i] != 0 for sign in signs) for i in (0, 1)]
    return sum(x * y for x, y in signs) / math.sqrt(told[0] * told[1]) if all(told) else 0.0


def ranks(values: Sequence[float]) -> list[float]:
    """From 1; what is equal shares the mean of its ranks."""
    return [
        (sum(other < value for other in values) + sum(other <= value for other in values) + 1) / 2
        for value in values
    ]


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
