"""A net as a list of steps over named values: what is computed, and from which parameters.

A plan is immutable and knows nothing of torch; passes make new ones of it, `autorecon.nn` runs
them. Shapes are without the batch axis.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import attrs

from autorecon.lang import Op, Shape, show_shape
from autorecon.lang.program.candidates import Step as Typed
from autorecon.lang.program.merging import Merged, Merging


class Weight(NamedTuple):
    """The share of an edge's candidate in its mixture, a scalar known only when the net runs."""

    edge: str
    candidate: int

    def __str__(self) -> str:
        return f"p[{self.edge}, {self.candidate}]"


MERGE = -1


class Place(NamedTuple):
    """Where an operation's module is: of an edge's candidate, or (None) of a node's `then`, before
    which, at MERGE, that of its merge is."""

    owner: str
    candidate: int | None
    position: int

    def __str__(self) -> str:
        position = "merge" if self.position == MERGE else self.position
        parts = (self.owner, self.candidate, position)
        return ".".join(str(part) for part in parts if part is not None)


class Term(NamedTuple):
    """A summand: a value, and what it is multiplied by (None: by nothing)."""

    value: str
    weight: Weight | None = None

    def __str__(self) -> str:
        return f"{self.weight} * {self.value}" if self.weight else self.value


class Grid(NamedTuple):
    """Where a fused kernel has taps: size x size of them, `dilation` apart."""

    size: int
    dilation: int

    def __str__(self) -> str:
        return f"{self.size}x{self.size}" + f" d{self.dilation}" * (self.dilation > 1)

    @property
    def taps(self) -> int:
        return self.size**2

    @property
    def reach(self) -> int:
        """From the middle to the outermost tap."""
        return self.dilation * (self.size - 1) // 2

    def holds(self, other: Grid) -> bool:
        aligned = other.size == 1 or other.dilation % self.dilation == 0
        return aligned and other.reach <= self.reach


class Kernel(NamedTuple):
    """A summand of a fused kernel; without a place it is the identity, a kernel of one tap."""

    place: Place | None
    grid: Grid
    weight: Weight | None = None
    bias: bool = False

    def __str__(self) -> str:
        own = "identity" if self.place is None else f"{self.place} {self.grid}"
        return f"{self.weight} * ({own})" if self.weight else own


class _Single:
    """A step with one result."""

    out: str
    shape: Shape

    @property
    def outs(self) -> tuple[str, ...]:
        return (self.out,)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        return (self.shape,)


@attrs.frozen
class Apply(_Single):
    """One operation of a candidate, by its module.

    `typed` is what the checker found of it, `shape` what it gives here. `copies`: how many
    positions of the net each one here stands for, which the running variance of a norm depends on.
    `in_place`: the source is overwritten.
    """

    out: str
    source: str
    typed: Typed
    place: Place
    shape: Shape
    copies: int = 1
    in_place: bool = False

    def __str__(self) -> str:
        more = f", for {self.copies} positions each" * (self.copies > 1)
        more += ", in place" * self.in_place
        return f"{_made(self)} = {self.op.text} of {', '.join(self.sources)}{more}"

    @property
    def op(self) -> Op:
        return self.typed.op

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,) if self.op.label is None else (self.source, self.op.label)


@attrs.frozen
class Merge(_Single):
    """What a node makes of its terms: `sum`, `mean` (over `parts` edges), `product`, `concat`."""

    out: str
    kind: str
    terms: tuple[Term, ...]
    shape: Shape
    parts: int = 1

    def __str__(self) -> str:
        more = f" / {self.parts}" * (self.kind == "mean")
        return f"{_made(self)} = {self.kind} of {', '.join(map(str, self.terms))}{more}"

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(term.value for term in self.terms)

    @property
    def is_linear(self) -> bool:
        return self.kind in ("sum", "mean")


@attrs.frozen
class Join(_Single):
    """A merge that has a module, which reads what each of a node's edges brings."""

    out: str
    sources: tuple[str, ...]
    typed: Merged
    place: Place
    shape: Shape

    def __str__(self) -> str:
        return f"{_made(self)} = {self.op.text} of {', '.join(self.sources)}"

    @property
    def op(self) -> Merging:
        return self.typed.op


@attrs.frozen
class Convolve:
    """Stacked convolutions on one grid: kernels[out][source] are summed to a block of its kernel.

    With `scale` above 1 it is that of the sources repeated `scale` times along both axes, which
    are never written out. `fourier`: by way of spectra, with taps where any of its kernels has.
    `narrow`: as a product of matrices.
    """

    outs: tuple[str, ...]
    sources: tuple[str, ...]
    kernels: tuple[tuple[tuple[Kernel, ...], ...], ...]
    grid: Grid
    shapes: tuple[Shape, ...]
    groups: int = 1
    scale: int = 1
    fourier: bool = False
    narrow: bool = False

    def __str__(self) -> str:
        """The kernels follow, a line for each result and source."""
        kind = f"convolution on {self.grid}"
        kind += f", {self.groups} groups" * (self.groups > 1)
        kind += f", of pixels repeated {self.scale} times" * (self.scale > 1)
        kind += ", by spectra" * self.fourier + ", as a product of matrices" * self.narrow
        lines = [f"{_made(self)} = {kind}"]
        for out, row in zip(self.outs, self.kernels, strict=True):
            for source, block in zip(self.sources, row, strict=True):
                lines.append(f"    {out} += {' + '.join(map(str, block))} of {source}")
        return "\n".join(lines)

    @property
    def grids(self) -> frozenset[Grid]:
        """Those of its kernels, before they are mixed."""
        return frozenset(k.grid for row in self.kernels for block in row for k in block)


Step = Apply | Merge | Join | Convolve


def _made(step: Step) -> str:
    pairs = zip(step.outs, step.shapes, strict=True)
    return ", ".join(f"{out} [{show_shape(shape)}]" for out, shape in pairs)


@attrs.frozen
class Plan:
    """Steps in an order in which every value is computed before it is used."""

    inputs: Mapping[str, Shape] = attrs.field(eq=False)
    steps: tuple[Step, ...]
    output: str

    def __str__(self) -> str:
        """A line for each input, step and kernel."""
        inputs = [f"{name} [{show_shape(shape)}]" for name, shape in self.inputs.items()]
        return "\n".join([*inputs, *map(str, self.steps), f"-> {self.output}"])

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        found = dict(self.inputs)
        for step in self.steps:
            found.update(zip(step.outs, step.shapes, strict=True))
        return found

    @cached_property
    def makers(self) -> dict[str, Step]:
        """The step that computes each value."""
        return {out: step for step in self.steps for out in step.outs}

    @cached_property
    def uses(self) -> Counter[str]:
        """How many sources of steps, or the output, each value is."""
        return Counter([*(s for step in self.steps for s in step.sources), self.output])

    @cached_property
    def targets(self) -> dict[str, str]:
        """The sum that a value is added to as it is, where it is used for nothing else."""
        return {
            term.value: step.out
            for step in self.steps
            if isinstance(step, Merge) and step.is_linear
            for term in step.terms
            if term.weight is None and self.uses[term.value] == 1
        }

    @cached_property
    def last_uses(self) -> tuple[tuple[str, ...], ...]:
        """For each step the values that nothing needs after it."""
        seen, found = {self.output, *self.inputs}, []
        for step in reversed(self.steps):
            over = dict.fromkeys(v for v in (*step.sources, *step.outs) if v not in seen)
            seen.update(over)
            found.append(tuple(over))
        return tuple(reversed(found))


def check_plan(plan: Plan) -> None:
    """Raise ValueError unless each value is computed once, before its uses, and all are used; what
    steps say of shapes and kernels fits; and nothing is read after it was overwritten."""
    known = dict(plan.inputs)
    for step in plan.steps:
        if missing := set(step.sources) - known.keys():
            raise ValueError(f"{step.outs[0]} uses {min(missing)} before it is computed")
        if again := known.keys() & set(step.outs):
            raise ValueError(f"{min(again)} is computed twice")
        if fault := _misfit(plan, step, [known[source] for source in step.sources]):
            raise ValueError(f"{step.outs[0]}: {fault}")
        known.update(zip(step.outs, step.shapes, strict=True))
    if plan.output not in known:
        raise ValueError(f"the output {plan.output} is never computed")
    if idle := known.keys() - set(plan.uses) - set(plan.inputs):
        raise ValueError(f"nothing uses {min(idle)}")


def _misfit(plan: Plan, step: Step, sources: list[Shape]) -> str | None:
    """What of a step does not fit what it reads."""
    if isinstance(step, Merge):
        return _misfit_of_merge(step, sources)
    if isinstance(step, Convolve):
        return _misfit_of_convolution(step, sources)
    if isinstance(step, Join):
        fits = step.typed.sources == tuple(map(tuple, sources))
        return None if fits else "it reads other shapes than it says"
    if step.in_place and (step.source in plan.inputs or plan.uses[step.source] > 1):
        return f"{step.source} is overwritten and still needed"
    return None


def _misfit_of_merge(step: Merge, sources: list[Shape]) -> str | None:
    if not sources:
        return "it merges nothing"
    if step.kind != "concat":
        return None if {*sources} == {step.shape} else "terms are not all of its shape"
    channels = sum(shape[0] for shape in sources)
    fits = {shape[1:] for shape in sources} == {step.shape[1:]} and channels == step.shape[0]
    return None if fits else "terms side by side are not of its shape"


def _misfit_of_convolution(step: Convolve, sources: list[Shape]) -> str | None:
    sizes = {(h * step.scale, w * step.scale) for _, h, w in sources}
    if sizes != {shape[1:] for shape in step.shapes}:
        return "sources and results are not all of one size"
    if [len(step.outs)] * 2 != [len(step.kernels), len(step.shapes)]:
        return "there is not a row of kernels for each result"
    if any(len(row) != len(sources) or not all(row) for row in step.kernels):
        return "there is not a kernel for each source"
    if step.groups > 1 and (len(sources), len(step.outs)) != (1, 1):
        return "a grouped convolution is stacked"
    held = all(step.grid.holds(grid) for grid in step.grids)
    return None if held else "its grid does not hold its kernels"
