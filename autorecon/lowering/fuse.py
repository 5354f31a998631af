"""A weighted sum of convolutions of one value is one convolution with the weighted sum of kernels.

Kernels go onto few grids, chosen for the least number of taps: the paper's five convolutions onto
a dense 5x5 and a 5x5 of dilation 2, 50 taps instead of 69. The identity is a kernel of one tap.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence

import attrs

from autorecon.lowering.plan import Convolve, Grid, Kernel, Merge, Plan, Step, Term
from autorecon.lowering.simplify import without_idle

MAX_GRIDS = 10  # all 2^n sets of so many are tried
ONE = Grid(1, 1)
Key = tuple[str, int, int]  # source, groups, scale


@attrs.frozen
class Fuse:
    """Convolutions whose results are summed, without or with weights, become one a grid."""

    name: str = "fuse"
    about: str = "convolutions of one value that are summed are one, with their kernels summed"

    def __call__(self, plan: Plan) -> Plan:
        steps: list[Step] = []
        for step in plan.steps:
            if isinstance(step, Merge) and step.is_linear:
                fused, terms = _fused(plan, step)
                steps += fused
                step = attrs.evolve(step, terms=terms)
            steps.append(step)
        return without_idle(Plan(plan.inputs, tuple(steps), plan.output))


def _fused(plan: Plan, merge: Merge) -> tuple[list[Convolve], tuple[Term, ...]]:
    groups: dict[Key, list[Term]] = defaultdict(list)
    for term in merge.terms:
        maker = plan.makers.get(term.value)
        if isinstance(maker, Convolve) and plan.uses[term.value] == 1:
            groups[maker.sources[0], maker.groups, maker.scale].append(term)
    made: dict[Term, list[Convolve]] = {}
    for (source, connected, scale), terms in groups.items():
        beside = [t for t in merge.terms if t.value == source and t not in terms]
        identities = beside if (connected, scale) == (1, 1) else []
        if len(terms) + len(identities) == 1 and terms[0].weight is None:
            continue
        kernels = [
            *(_kernel(plan, t) for t in terms),
            *(Kernel(None, ONE, t.weight) for t in identities),
        ]
        like = plan.makers[terms[0].value]
        assert isinstance(like, Convolve)
        made |= {term: [] for term in (*terms, *identities)}
        made[terms[0]] = _by_grid(
            kernels, like, f"{merge.out}<-{source}{_suffix(connected, scale)}"
        )
    rest = [Term(c.outs[0]) if c else term for term in merge.terms for c in made.get(term, [None])]
    return [c for found in made.values() for c in found], tuple(rest)


def _suffix(groups: int, scale: int) -> str:
    return f".g{groups}" * (groups > 1) + f".x{scale}" * (scale > 1)


def _kernel(plan: Plan, term: Term) -> Kernel:
    maker = plan.makers[term.value]
    assert isinstance(maker, Convolve)
    ((kernels,),) = maker.kernels
    return kernels[0]._replace(weight=term.weight)


def _by_grid(kernels: Sequence[Kernel], like: Convolve, name: str) -> list[Convolve]:
    found: dict[Grid, list[Kernel]] = {grid: [] for grid in grids(k.grid for k in kernels)}
    for kernel in kernels:
        fitting = (grid for grid in found if grid.holds(kernel.grid))
        found[min(fitting)].append(kernel)
    return [
        attrs.evolve(
            like, outs=(f"{name}.{g.size}x{g.size}d{g.dilation}",), kernels=((tuple(own),),), grid=g
        )
        for g, own in found.items()
        if own
    ]


def grids(needed: Iterable[Grid]) -> tuple[Grid, ...]:
    """Of the grids those, with the fewest taps in all, that hold every one of them."""
    distinct = sorted(set(needed))
    if len(distinct) > MAX_GRIDS:
        return tuple(distinct)
    sets = (
        chosen
        for count in range(1, len(distinct) + 1)
        for chosen in itertools.combinations(distinct, count)
        if all(any(grid.holds(other) for grid in chosen) for other in distinct)
    )
    return min(sets, key=lambda chosen: sum(grid.taps for grid in chosen))
