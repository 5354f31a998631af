"""Identities and sums of one thing are other names for it; what nothing uses is not computed."""

from __future__ import annotations

import attrs

from autorecon.lowering.plan import Apply, Merge, Plan, Step, Term


@attrs.frozen
class Simplify:
    """Values that are others by another name go, and so do steps that lead nowhere."""

    name: str = "simplify"
    about: str = "identities and sums of one value are that value"

    def __call__(self, plan: Plan) -> Plan:
        same: dict[str, str] = {}
        steps = []
        for step in plan.steps:
            step = renamed(step, same)
            other = _other_name(step)
            if other is None:
                steps.append(step)
            else:
                same[step.outs[0]] = other
        return without_idle(Plan(plan.inputs, tuple(steps), same.get(plan.output, plan.output)))


def _other_name(step: Step) -> str | None:
    if isinstance(step, Apply) and step.op.traits.identity:
        return step.source
    if isinstance(step, Merge) and step.terms[1:] == () and step.terms[0].weight is None:
        return step.terms[0].value if step.parts == 1 else None
    return None


def renamed(step: Step, names: dict[str, str]) -> Step:
    """The step with its sources by their new names."""
    if not any(source in names for source in step.sources):
        return step
    if isinstance(step, Apply):
        return attrs.evolve(step, source=names.get(step.source, step.source))
    if isinstance(step, Merge):
        terms = tuple(Term(names.get(t.value, t.value), t.weight) for t in step.terms)
        return attrs.evolve(step, terms=terms)
    return attrs.evolve(step, sources=tuple(names.get(s, s) for s in step.sources))


def without_idle(plan: Plan) -> Plan:
    """The plan without steps none of whose results is used."""
    needed, steps = {plan.output}, []
    for step in reversed(plan.steps):
        if needed.isdisjoint(step.outs):
            continue
        needed.update(step.sources)
        steps.append(step)
    return Plan(plan.inputs, tuple(reversed(steps)), plan.output)
