"""Convolutions to few channels are products of matrices, whose results are then added up.

The head of a generator makes an image of one or three channels. A convolution that is written for
many leaves most of the processor idle there. One product instead gives what each pixel adds to
each position that a tap takes it to: fewer maps than the source has, so that they are cheap.
"""

from __future__ import annotations

import attrs

from autorecon.lowering.plan import Convolve, Plan, Step


@attrs.frozen
class Narrow:
    """Where the taps of all channels that are made are at most as many as the channels read."""

    name: str = "narrow"
    about: str = "convolutions to few channels are products of matrices"

    def __call__(self, plan: Plan) -> Plan:
        return attrs.evolve(plan, steps=tuple(_changed(plan, step) for step in plan.steps))


def _changed(plan: Plan, step: Step) -> Step:
    if not isinstance(step, Convolve) or step.fourier or (step.groups, step.scale) != (1, 1):
        return step
    # Several sources would have to be put side by side, and be kept so for backward.
    alone, taps = len(step.sources) == 1, step.grid.taps
    made = taps * sum(shape[0] for shape in step.shapes)
    narrow = alone and taps > 1 and made <= plan.shapes[step.sources[0]][0]
    return attrs.evolve(step, narrow=narrow)
