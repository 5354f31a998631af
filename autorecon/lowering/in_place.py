"""Activations overwrite what a norm gave them: one feature map less is kept for backward."""

from __future__ import annotations

import attrs

from autorecon.lowering.plan import Apply, Plan, Step


@attrs.frozen
class InPlace:
    """What needs no input for backward, as relu, after what does not need its result, as a norm."""

    name: str = "in place"
    about: str = "activations overwrite the norm's result, which is then not kept beside theirs"

    def __call__(self, plan: Plan) -> Plan:
        return attrs.evolve(plan, steps=tuple(_changed(plan, step) for step in plan.steps))


def _changed(plan: Plan, step: Step) -> Step:
    if not isinstance(step, Apply) or not step.op.traits.from_result:
        return step
    maker = plan.makers.get(step.source)
    spared = isinstance(maker, Apply) and maker.op.traits.spares_result
    alone = plan.uses[step.source] == 1 and step.source not in plan.inputs
    return attrs.evolve(step, in_place=True) if spared and alone else step
