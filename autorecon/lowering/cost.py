"""What a plan computes, in multiply-accumulates a sample."""

from __future__ import annotations

from autorecon.lowering.fourier import fourier_macs, offsets
from autorecon.lowering.plan import Apply, Convolve, Join, Plan, Step
from autorecon.lowering.repeated import transposed_size


def macs(plan: Plan) -> int:
    """Of all steps; norms, resizes, activations and sums count none, as in `Space.cost`."""
    return round(sum(step_macs(plan, step) for step in plan.steps))


def step_macs(plan: Plan, step: Step) -> float:
    if isinstance(step, Apply | Join):
        return step.typed.macs  # only what has none is ever moved to another resolution
    return _convolve_macs(plan, step) if isinstance(step, Convolve) else 0


def _convolve_macs(plan: Plan, step: Convolve) -> float:
    channels = sum(plan.shapes[source][0] for source in step.sources)
    out = sum(shape[0] for shape in step.shapes)
    _, height, width = plan.shapes[step.sources[0]]
    if step.fourier:
        taps = len(offsets(step.grids))
        return fourier_macs((channels, height, width), out, taps, step.grid.reach)
    taps = step.grid.taps
    if step.scale > 1:
        taps = transposed_size(step.grid, step.scale) ** 2
    return channels * out * taps * height * width / step.groups
