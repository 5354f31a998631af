"""Runs a plan: its steps in order, with a net's modules and a mixture's weights."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy

import attrs
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from autorecon.lowering.plan import Apply, Convolve, Join, Merge, Place, Plan, Step, Term
from autorecon.nn.convolve import convolve
from autorecon.nn.mixture import Scalars
from autorecon.nn.modules import norm_of_copies


@attrs.frozen(eq=False)
class Run:
    """One call: values [N, *shape] by name, at first those of the inputs."""

    modules: Mapping[Place, nn.Module]
    weights: Scalars
    values: dict[str, Tensor]

    # A weight that is normalised is so once a call, however many edges share it.
    @parametrize.cached()
    def __call__(self, plan: Plan) -> Tensor:
        for step, over in zip(plan.steps, plan.last_uses, strict=True):
            self.values.update(zip(step.outs, self._made(step), strict=True))
            for value in over:
                del self.values[value]
        return self.values[plan.output]

    def _made(self, step: Step) -> tuple[Tensor, ...]:
        if isinstance(step, Convolve):
            sources = [self.values[source] for source in step.sources]
            return convolve(step, sources, self.modules, self.weights)
        if isinstance(step, Join):
            return (self.modules[step.place](*(self.values[source] for source in step.sources)),)
        return (self._merged(step) if isinstance(step, Merge) else self._applied(step),)

    def _applied(self, step: Apply) -> Tensor:
        inputs = [self.values[source] for source in step.sources]
        module = self.modules[step.place]
        if step.in_place:
            return _in_place(module, *inputs)
        if step.copies == 1 or not step.op.traits.counts_positions:
            return module(*inputs)
        return norm_of_copies(module, step.copies, *inputs)

    def _merged(self, step: Merge) -> Tensor:
        merged = merge(step.kind, [self._weighed(term) for term in step.terms])
        return merged / step.parts if step.kind == "mean" else merged

    def _weighed(self, term: Term) -> Tensor:
        value = self.values[term.value]
        return value if term.weight is None else self.weights[term.weight] * value


def merge(kind: str, parts: list[Tensor]) -> Tensor:
    """The sum (Eq. 3), product or concatenation of parts [N, *shape]."""
    if kind == "concat":
        return torch.cat(parts, dim=1)
    total = parts[0]
    for part in parts[1:]:
        total = total * part if kind == "product" else total + part
    return total


def _in_place(module: nn.Module, x: Tensor) -> Tensor:
    """By the switch that torch's activations have."""
    overwriting = copy(module)
    overwriting.inplace = True  # type: ignore[assignment]
    return overwriting(x)
