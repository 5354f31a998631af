"""What several candidates begin with, such as a relu before each convolution, is done once."""

from __future__ import annotations

import attrs

from autorecon.lowering.plan import Apply, Plan
from autorecon.lowering.simplify import renamed


@attrs.frozen
class Share:
    """Operations without parameters on the same value give the same value."""

    name: str = "share"
    about: str = "equal operations without parameters on one value are done once"

    def __call__(self, plan: Plan) -> Plan:
        first: dict[tuple, str] = {}
        same: dict[str, str] = {}
        steps = []
        for step in plan.steps:
            step = renamed(step, same)
            if isinstance(step, Apply) and step.op.traits.stateless:
                key = (step.source, step.op, step.shape)
                known = first.setdefault(key, step.out)
                if known != step.out and step.out != plan.output:
                    same[step.out] = known
                    continue
            steps.append(step)
        return Plan(plan.inputs, tuple(steps), plan.output)
