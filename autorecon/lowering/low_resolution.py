"""What only repeats pixels, or is linear, is computed before a resize and not after it.

A nearest resize by a whole factor repeats each pixel. Activations and norms do to copies what they
do to the original, and so does a convolution whose dilation is a multiple of the factor; any other
convolution of repeated pixels is a transposed one of the pixels themselves. Weighted sums, and
convolutions of one tap, go before resizes of all kinds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import attrs

from autorecon.lang import Shape
from autorecon.lowering.plan import Apply, Convolve, Grid, Join, Kernel, Merge, Plan, Step, Term
from autorecon.lowering.repeated import repeats_pay
from autorecon.lowering.simplify import without_idle


@attrs.frozen
class LowResolution:
    """Resizes move towards the output, past all that may as well be done before them."""

    name: str = "low resolution"
    about: str = "sums, activations, norms and convolutions are computed before resizes"

    def __call__(self, plan: Plan) -> Plan:
        writer = _Writer(plan)
        for step in plan.steps:
            writer.rewrite(step)
        writer.whole(plan.output)
        return without_idle(Plan(plan.inputs, tuple(writer.steps), plan.output))


class _Waiting(NamedTuple):
    """A value that is `resize` of `low`, and not written out yet."""

    low: str
    resize: Apply


class _Writer:
    def __init__(self, plan: Plan) -> None:
        self.steps: list[Step] = []
        self.shapes = dict(plan.shapes)
        self.waiting: dict[str, _Waiting] = {}
        self.written: set[str] = set()

    def rewrite(self, step: Step) -> None:
        if isinstance(step, Apply):
            self.apply(step)
        elif isinstance(step, Merge):
            self.merge(step)
        elif isinstance(step, Join):
            self.join(step)
        else:
            self.convolve(step)

    def emit(self, step: Step) -> None:
        self.steps.append(step)
        self.shapes.update(zip(step.outs, step.shapes, strict=True))

    def whole(self, value: str) -> str:
        """The value, after its resize has been written if it waited."""
        if value in self.waiting and value not in self.written:
            self.written.add(value)
            low, resize = self.waiting[value]
            self.emit(self._resized(value, low, resize))
        return value

    def _resized(self, out: str, low: str, resize: Apply) -> Apply:
        shape = (self.shapes[low][0], *resize.shape[1:])
        return attrs.evolve(resize, out=out, source=low, shape=shape)

    def before(self, out: str, waiting: _Waiting) -> str:
        """The name of what is to be computed so that `out` is its resize."""
        low = f"{out}@{self._size(waiting)}"
        self.waiting[out] = _Waiting(low, waiting.resize)
        return low

    def low_shape(self, shape: Shape, waiting: _Waiting) -> Shape:
        return (shape[0], *self.shapes[waiting.low][1:])

    def _size(self, waiting: _Waiting) -> str:
        return "x".join(map(str, self.shapes[waiting.low][1:]))

    def factor(self, waiting: _Waiting) -> int | None:
        """How often a nearest resize repeats each pixel along both axes."""
        if not waiting.resize.op.traits.repeats:
            return None
        (_, h, w), (_, height, width) = self.shapes[waiting.low], waiting.resize.shape
        factor = height // h
        return factor if factor >= 1 and (h * factor, w * factor) == (height, width) else None

    def _enlarges(self, waiting: _Waiting) -> bool:
        (_, h, w), (_, height, width) = self.shapes[waiting.low], waiting.resize.shape
        return h <= height and w <= width

    def resize(self, step: Apply) -> None:
        first = self.waiting.get(step.source)
        waiting = _Waiting(first.low, step) if first else None
        # Two repetitions are one; other resizes do not add up.
        if first is None or waiting is None or None in map(self.factor, (first, waiting)):
            waiting = _Waiting(self.whole(step.source), step)
        self.waiting[step.out] = waiting

    def apply(self, step: Apply) -> None:
        if step.op.traits.resize:
            return self.resize(step)
        waiting = self.waiting.get(step.source)
        factor = self.factor(waiting) if waiting else None
        if waiting is None or factor is None or not self._is_pointwise(step, waiting):
            self.whole(step.source)
            return self.emit(step)
        shape = self.low_shape(step.shape, waiting)
        copies = step.copies * factor**2
        low = self.before(step.out, waiting)
        changed = attrs.evolve(step, out=low, source=waiting.low, shape=shape, copies=copies)
        return self.emit(changed)

    def _is_pointwise(self, step: Apply, waiting: _Waiting) -> bool:
        traits = step.op.traits
        _, height, width = self.shapes[waiting.low]
        # A norm refuses to train on a single position, which the net does not have.
        return traits.pointwise and (not traits.norm or height * width > 1)

    def convolve(self, step: Convolve) -> None:
        waiting = self.waiting.get(step.sources[0])
        if waiting is None:
            return self.emit(step)
        factor = self.factor(waiting)
        ((kernels,),), grid = step.kernels, step.grid
        pointwise = grid.size == 1 and self._enlarges(waiting)
        if pointwise or (factor and grid.dilation % factor == 0):
            apart = grid.dilation // factor if factor and grid.size > 1 else 1
            return self._convolve_low(step, kernels, Grid(grid.size, apart), waiting)
        if factor and repeats_pay(grid, factor):
            return self.emit(attrs.evolve(step, sources=(waiting.low,), scale=factor))
        self.whole(step.sources[0])
        return self.emit(step)

    def _convolve_low(
        self, step: Convolve, kernels: tuple[Kernel, ...], grid: Grid, waiting: _Waiting
    ) -> None:
        outs = (self.before(step.outs[0], waiting),)
        shapes = (self.low_shape(step.shapes[0], waiting),)
        own = ((tuple(kernel._replace(grid=grid) for kernel in kernels),),)
        self.emit(attrs.evolve(step, outs=outs, sources=(waiting.low,), kernels=own, grid=grid,
                               shapes=shapes))  # fmt: skip

    def merge(self, step: Merge) -> None:
        groups = self._groups(step.terms)
        ready = [term for term in step.terms if term.value not in self.waiting]
        if not ready and len(groups) == 1:
            waiting = self.waiting[groups[0][0].value]
            if step.kind != "product" or self.factor(waiting):
                return self._merge_low(step, groups[0], waiting)
        if not step.is_linear:
            for term in step.terms:
                self.whole(term.value)
            return self.emit(step)
        parts = [self._summed(step.out, terms) for terms in groups]
        return self.emit(attrs.evolve(step, terms=tuple(ready + parts)))

    def join(self, step: Join) -> None:
        for source in step.sources:
            self.whole(source)
        self.emit(step)

    def _merge_low(self, step: Merge, terms: Sequence[Term], waiting: _Waiting) -> None:
        low = self.before(step.out, waiting)
        shape = self.low_shape(step.shape, waiting)
        self.emit(attrs.evolve(step, out=low, terms=self._lows(terms), shape=shape))

    def _summed(self, out: str, terms: Sequence[Term]) -> Term:
        """Terms with one kind of resize as one term: the resize of their sum."""
        if len(terms) == 1 and terms[0].weight is None:
            return Term(self.whole(terms[0].value))
        waiting = self.waiting[terms[0].value]
        made = f"{out}.{waiting.resize.op.name}{self._size(waiting)}"
        self.emit(Merge(f"{made}@low", "sum", self._lows(terms), self.shapes[waiting.low]))
        self.emit(self._resized(made, f"{made}@low", waiting.resize))
        return Term(made)

    def _lows(self, terms: Sequence[Term]) -> tuple[Term, ...]:
        return tuple(Term(self.waiting[t.value].low, t.weight) for t in terms)

    def _groups(self, terms: Sequence[Term]) -> list[list[Term]]:
        """Waiting terms by kind of resize and by resolution."""
        groups: dict[tuple, list[Term]] = defaultdict(list)
        for term in terms:
            if term.value in self.waiting:
                low, resize = self.waiting[term.value]
                groups[resize.op.name, self.shapes[low][1:], resize.shape[1:]].append(term)
        return list(groups.values())
