"""A node's sum of its edges' mixtures is one sum of all their candidates."""

from __future__ import annotations

import attrs

from autorecon.lowering.plan import Merge, Plan, Term
from autorecon.lowering.simplify import without_idle


@attrs.frozen
class Flatten:
    """Sums that are used in one other sum, without a weight, become terms of that."""

    name: str = "flatten"
    about: str = "a node sums the candidates of all its edges at once"

    def __call__(self, plan: Plan) -> Plan:
        inner: dict[str, tuple[Term, ...]] = {}
        steps = []
        for step in plan.steps:
            if isinstance(step, Merge) and step.is_linear:
                step = attrs.evolve(step, terms=_inlined(step.terms, inner))
                if step.kind == "sum" and plan.uses[step.out] == 1:
                    inner[step.out] = step.terms
            steps.append(step)
        return without_idle(Plan(plan.inputs, tuple(steps), plan.output))


def _inlined(terms: tuple[Term, ...], inner: dict[str, tuple[Term, ...]]) -> tuple[Term, ...]:
    found: list[Term] = []
    for term in terms:
        found += inner.get(term.value, (term,)) if term.weight is None else (term,)
    return tuple(found)
