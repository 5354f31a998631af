"""Convolutions become steps of their own, which later passes take apart; strided ones stay."""

from __future__ import annotations

from typing import Any

import attrs

from autorecon.lowering.plan import Apply, Convolve, Grid, Kernel, Plan, Step


@attrs.frozen
class Convolutions:
    """Each `conv`, spectral ones with the weight that their norm makes, as a kernel on a grid."""

    name: str = "convolutions"
    about: str = "convolutions are kernels that can be added"

    def __call__(self, plan: Plan) -> Plan:
        return attrs.evolve(plan, steps=tuple(_converted(step) for step in plan.steps))


def _converted(step: Step) -> Step:
    if not isinstance(step, Apply) or not step.op.traits.convolution:
        return step
    args: dict[str, Any] = step.op.args
    if args["stride"] > 1:
        return step
    # Of one tap it does not matter how far apart taps are.
    grid = Grid(args["kernel"], args["dilation"] if args["kernel"] > 1 else 1)
    kernel = Kernel(step.place, grid, bias=bool(args["bias"]))
    return Convolve(
        step.outs, (step.source,), (((kernel,),),), grid, step.shapes, groups=args["groups"]
    )
