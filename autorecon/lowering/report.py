"""What the passes did to a plan, and how each candidate of each edge is computed in the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import attrs

from autorecon.graph import Space
from autorecon.lang import Edge, Pipeline
from autorecon.lowering.cost import macs
from autorecon.lowering.fourier import offsets
from autorecon.lowering.lower import lower
from autorecon.lowering.passes import PASSES
from autorecon.lowering.plan import Apply, Convolve, Merge, Plan, Weight


@attrs.frozen
class Stage:
    """A plan's size after a pass."""

    name: str
    about: str
    steps: int
    convolutions: int
    macs: int


@attrs.frozen
class EdgeReport:
    """How an edge's candidates, by their text, are computed."""

    edge: str
    type: str
    candidates: tuple[tuple[str, str], ...]


def report(space: Space) -> tuple[list[Stage], list[EdgeReport]]:
    """Of all candidates together: a super net's soft mixture, or a generator."""
    plan = lower(space)
    stages = [_stage("lower", "every candidate of every edge, as it is written", plan)]
    for change in PASSES:
        plan = change(plan)
        stages.append(_stage(change.name, change.about, plan))
    found = _candidates(plan)
    return stages, [_edge(edge, found) for edge in space.unfolded.edges]


def _stage(name: str, about: str, plan: Plan) -> Stage:
    convolutions = sum(
        isinstance(step, Convolve) or (isinstance(step, Apply) and step.op.traits.convolution)
        for step in plan.steps
    )
    return Stage(name, about, len(plan.steps), convolutions, macs(plan))


@attrs.define
class _Steps:
    """What is left of a candidate in a plan."""

    applied: list[str] = attrs.Factory(list)
    resized: str = ""
    kernel: str = ""
    is_mixed: bool = False

    @property
    def alone(self) -> str:
        """Of an edge's only candidate."""
        return ", ".join(filter(None, [self.kernel, *self.applied])) or self.resized

    @property
    def text(self) -> str:
        if self.is_mixed:
            return f"its kernel is added to others, {self.kernel}"
        if self.kernel and self.applied:
            inside = ", ".join(self.applied)
            return f"not fused, {inside} inside the candidate: {self.kernel}"
        if self.kernel:
            return f"a kernel of its own, {self.kernel}"
        if self.applied:
            return f"by itself: {' >> '.join(self.applied)}"
        return self.resized


def _edge(edge: Edge, found: Mapping[Weight, _Steps]) -> EdgeReport:
    rows = []
    for index, candidate in enumerate(edge.candidates):
        steps = found.get(Weight(edge.name, index))
        if steps is None:
            way = _without_steps(candidate)
        else:
            way = steps.text if len(edge.candidates) > 1 else steps.alone
        rows.append((candidate.text, way))
    return EdgeReport(edge.name, edge.type, tuple(rows))


def _without_steps(candidate: Pipeline) -> str:
    if candidate.is_none:
        return "nothing to compute"
    if candidate.is_identity:
        return "its source as it is"
    return "not computed: it leads nowhere"


def _candidates(plan: Plan) -> dict[Weight, _Steps]:
    found: dict[Weight, _Steps] = defaultdict(_Steps)
    for step in plan.steps:
        if isinstance(step, Apply):
            _note_applied(step, found)
        elif isinstance(step, Convolve):
            _note_kernels(step, found)
    for step in plan.steps:
        if isinstance(step, Merge):
            _note_resized(plan, step, found)
    return found


def _note_applied(step: Apply, found: dict[Weight, _Steps]) -> None:
    if step.place.candidate is None:
        return
    steps = found[Weight(step.place.owner, step.place.candidate)]
    if step.op.spec.is_own:
        steps.applied.append(f"{step.op.name} (a user's own operation)")
    elif step.op.traits.resize:
        steps.resized = f"one {step.op.name} resize"
    else:
        steps.applied.append(step.op.name)


def _note_kernels(step: Convolve, found: dict[Weight, _Steps]) -> None:
    for block in (block for row in step.kernels for block in row):
        for kernel in block:
            place = kernel.place
            key = kernel.weight
            if key is None and place is not None and place.candidate is not None:
                key = Weight(place.owner, place.candidate)
            if key is not None:
                found[key].kernel, found[key].is_mixed = _way(step), len(block) > 1


def _way(step: Convolve) -> str:
    way = f"{step.grid.size}x{step.grid.size}"
    if step.grid.dilation > 1:
        way += f" dilation {step.grid.dilation}"
    if step.fourier:
        way = f"{len(offsets(step.grids))} taps by spectra"
    elif step.scale > 1:
        way += f" transposed at 1/{step.scale} of the resolution"
    elif step.narrow:
        way += " as a product of matrices"
    stacked = len(step.outs) * len(step.sources)
    return f"{way}, {stacked} convolutions in one" if stacked > 1 else way


def _note_resized(plan: Plan, step: Merge, found: dict[Weight, _Steps]) -> None:
    users = [s for s in plan.steps if isinstance(s, Apply) and s.source == step.out]
    resize = next((s.op.name for s in users if s.op.traits.resize), None)
    for term in step.terms:
        if term.weight is not None and resize:
            found[term.weight].resized = f"summed with others before one {resize} resize"
