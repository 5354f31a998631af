"""Convolutions on one grid between the same nodes are one larger convolution."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import attrs

from autorecon.lowering.plan import Convolve, Grid, Merge, Plan, Step, Term

Stacked = dict[tuple[str, str], Convolve]  # by source and target, complete


ANY = Grid(0, 0)


class _Kind(NamedTuple):
    grid: Grid
    scale: int
    size: tuple[int, ...]


@attrs.define
class _Sum:
    """What becomes of a target's terms: those that stacks give it, for those that are gone."""

    terms: list[Term] = attrs.field(factory=list)
    gone: set[str] = attrs.field(factory=set)


@attrs.frozen
class Stack:
    """Sources that lead to the same targets on the same grid are concatenated, and so are the
    targets' kernels: n2, n3 -> n4, n5 are four convolutions in one."""

    name: str = "stack"
    about: str = "convolutions on one grid with common sources and targets are one"

    def __call__(self, plan: Plan) -> Plan:
        cells: dict[_Kind, dict[str, dict[str, Convolve]]] = defaultdict(lambda: defaultdict(dict))
        for step in plan.steps:
            if isinstance(step, Convolve) and step.groups == 1:
                ((source,), (out,)) = step.sources, step.outs
                # Spectra are of one size whatever the taps are.
                grid = ANY if step.fourier else step.grid
                kind = _Kind(grid, step.scale, plan.shapes[source][1:])
                cells[kind][source].setdefault(plan.targets.get(out, out), step)
        stacked = [s for rows in cells.values() for s in _stacks(rows) if len(s) > 1]
        return _rewritten(plan, stacked) if stacked else plan


def _stacks(rows: dict[str, dict[str, Convolve]]) -> list[Stacked]:
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for source, row in rows.items():
        alike[tuple(sorted(row))].append(source)
    return [
        {(source, target): rows[source][target] for target in names for source in sources}
        for names, sources in alike.items()
    ]


def _rewritten(plan: Plan, stacked: list[Stacked]) -> Plan:
    order = {step.outs[0]: place for place, step in enumerate(plan.steps)}
    replaced = {c.outs[0] for cells in stacked for c in cells.values()}
    at: dict[int, list[Convolve]] = defaultdict(list)
    sums: dict[str, _Sum] = defaultdict(_Sum)
    for cells in stacked:
        made = _stack(cells)
        at[_place(cells, order)].append(made)
        for (_, target), convolution in cells.items():
            sums[target].gone.add(convolution.outs[0])
        for target, out in zip(dict.fromkeys(t for _, t in cells), made.outs, strict=True):
            sums[target].terms.append(Term(out))
    steps: list[Step] = []
    for place, step in enumerate(plan.steps):
        if step.outs[0] not in replaced:
            steps.append(_with_sums(step, sums))
        steps += at[place]
    return Plan(plan.inputs, tuple(steps), plan.output)


def _place(cells: Stacked, order: dict[str, int]) -> int:
    """Where the first target has its last convolution: all sources are known there, since each
    leads to that target, and no target is needed yet."""
    last: dict[str, int] = defaultdict(int)
    for (_, target), step in cells.items():
        last[target] = max(last[target], order[step.outs[0]])
    return min(last.values())


def _with_sums(step: Step, sums: dict[str, _Sum]) -> Step:
    if not isinstance(step, Merge) or step.out not in sums:
        return step
    # What is stacked for another target is still there, under its own name.
    own = sums[step.out]
    kept = [term for term in step.terms if term.value not in own.gone]
    return attrs.evolve(step, terms=(*own.terms, *kept))


def _stack(cells: Stacked) -> Convolve:
    sources = tuple(dict.fromkeys(source for source, _ in cells))
    names = tuple(dict.fromkeys(target for _, target in cells))
    kernels = tuple(tuple(cells[s, t].kernels[0][0] for s in sources) for t in names)
    firsts = [cells[sources[0], target] for target in names]
    outs = tuple(c.outs[0] for c in firsts)
    shapes = tuple(c.shapes[0] for c in firsts)
    grid = max(step.grid for step in cells.values())
    return attrs.evolve(
        firsts[0], outs=outs, sources=sources, kernels=kernels, shapes=shapes, grid=grid
    )
