"""Activations overwrite what a norm gave them: one feature map less is kept for backward."""

from __future__ import annotations

import attrs

from autorecon.lowering.low_resolution import NORMS
from autorecon.lowering.plan import Apply, Plan, Step

# Their gradients follow from what they give; and norms keep what they get, not what they give.
_FROM_RESULT = frozenset(("relu", "leaky_relu"))


@attrs.frozen
class InPlace:
    """relu and leaky_relu after a norm that nothing else reads."""

    name: str = "in place"
    about: str = "activations overwrite the norm's result, which is then not kept beside theirs"

    def __call__(self, plan: Plan) -> Plan:
        return attrs.evolve(plan, steps=tuple(_changed(plan, step) for step in plan.steps))


def _changed(plan: Plan, step: Step) -> Step:
    if not isinstance(step, Apply) or step.op.name not in _FROM_RESULT:
        return step
    maker = plan.makers.get(step.source)
    after_norm = isinstance(maker, Apply) and maker.op.name in NORMS
    alone = plan.uses[step.source] == 1 and step.source not in plan.inputs
    return attrs.evolve(step, in_place=True) if after_norm and alone else step
