"""Convolutions with many taps are products of spectra, which cost the same for any kernel.

The paper's five convolutions have 41 different taps together; by way of spectra they need a sixth
of the multiplications. Which way is cheaper is told from such numbers alone, so that a net is
computed the same way on every machine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import attrs

from autorecon.lang import Shape
from autorecon.lowering.plan import Convolve, Grid, Merge, Plan, Step

# A multiplication in small products of matrices takes as long as this many in a convolution.
SLOWER = 3.0
# Kernels are transformed once a batch.
BATCH = 32


@attrs.frozen
class Fourier:
    """Convolutions of one value to one sum go together where their taps are many enough."""

    slower: float = SLOWER
    name: str = "fourier"
    about: str = "convolutions with many taps are computed by way of spectra"

    def __call__(self, plan: Plan) -> Plan:
        groups: dict[tuple[str, str], list[Convolve]] = defaultdict(list)
        for step in plan.steps:
            if isinstance(step, Convolve) and (step.groups, step.scale) == (1, 1):
                out = step.outs[0]
                groups[step.sources[0], plan.targets.get(out, out)].append(step)
        changed: dict[str, Convolve | None] = {}
        for group in groups.values():
            if self.slower * _macs(plan, group) < _direct_macs(plan, group):
                changed |= {step.outs[0]: None for step in group}
                changed[group[0].outs[0]] = _joined(group)
        return _replaced(plan, changed) if changed else plan


def _direct_macs(plan: Plan, group: Sequence[Convolve]) -> int:
    channels, height, width = plan.shapes[group[0].sources[0]]
    taps = sum(step.grid.taps for step in group)
    return channels * group[0].shapes[0][0] * taps * height * width


def _macs(plan: Plan, group: Sequence[Convolve]) -> float:
    source, out = plan.shapes[group[0].sources[0]], group[0].shapes[0]
    taps = len(offsets(frozenset(grid for step in group for grid in step.grids)))
    return fourier_macs(source, out[0], taps, max(step.grid.reach for step in group))


def _joined(group: Sequence[Convolve]) -> Convolve:
    reach = max(step.grid.reach for step in group)
    kernels = tuple(kernel for step in group for kernel in step.kernels[0][0])
    return attrs.evolve(group[0], kernels=((kernels,),), grid=Grid(2 * reach + 1, 1), fourier=True)


def _replaced(plan: Plan, changed: dict[str, Convolve | None]) -> Plan:
    steps: list[Step] = []
    for step in plan.steps:
        if step.outs[0] in changed:
            new = changed[step.outs[0]]
            steps += [] if new is None else [new]
        elif isinstance(step, Merge):
            terms = tuple(t for t in step.terms if changed.get(t.value, t) is not None)
            steps.append(attrs.evolve(step, terms=terms))
        else:
            steps.append(step)
    return Plan(plan.inputs, tuple(steps), plan.output)


def offsets(grids: frozenset[Grid]) -> set[tuple[int, int]]:
    """Where any of the grids has a tap, from the middle, down and right."""
    along = [[g.dilation * tap - g.reach for tap in range(g.size)] for g in grids]
    return {(down, right) for taps in along for down in taps for right in taps}


def periods(height: int, width: int, reach: int) -> tuple[int, int]:
    """The least even sizes at which taps that leave a map on one side meet zeros there, and not
    the other side's pixels."""
    return height + reach + (height + reach) % 2, width + reach + (width + reach) % 2


def fourier_macs(source: Shape, out: int, taps: int, reach: int) -> float:
    """Multiply-accumulates a sample: both transforms, the products, a share of the kernels'."""
    channels, height, width = source
    tall, wide = periods(height, width, reach)
    half = wide // 2 + 1
    transform = 2 * half * width * height + half * 2 * height * 2 * tall
    spectrum = tall * half * channels * out
    return (channels + out) * transform + 4 * spectrum + 2 * taps * spectrum / BATCH
