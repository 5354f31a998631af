"""What a step of a plan needs while it is computed, beside what is kept for backward."""

from __future__ import annotations

from autorecon.lang import Shape
from autorecon.lang.operations.shapes import elements
from autorecon.lowering.fourier import offsets, periods
from autorecon.lowering.plan import Convolve, Plan, Step


def workspace(plan: Plan, batch: int) -> int:
    """Numbers that the largest step of a backward pass holds for the time being."""
    return max(_step(plan, step, batch) for step in plan.steps)


def _step(plan: Plan, step: Step, batch: int) -> int:
    sources = [plan.shapes[source] for source in step.sources]
    if isinstance(step, Convolve):
        return _convolve(step, sources, batch)
    return batch * (sum(map(elements, sources)) + sum(map(elements, step.shapes)))


def _convolve(step: Convolve, sources: list[Shape], batch: int) -> int:
    """Sources side by side, their gradient and that of the result; kernels, whole and by tap."""
    channels, out = (sum(shape[0] for shape in shapes) for shapes in (sources, step.shapes))
    _, height, width = sources[0]
    made = out * (step.grid.taps if step.narrow else step.scale**2)
    held = batch * height * width * (2 * channels + made)
    kernels = 3 * channels * out * step.grid.taps // step.groups
    if not step.fourier:
        return held + kernels
    tall, wide = periods(height, width, step.grid.reach)
    spectrum = 2 * tall * (wide // 2 + 1)
    by_tap = 2 * channels * out * len(offsets(step.grids))
    return held + kernels + by_tap + batch * spectrum * (3 * channels + out)
