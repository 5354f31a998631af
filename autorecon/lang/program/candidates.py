"""Operations with their arguments, and pipelines of them: what edges choose from, nodes apply."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from itertools import chain
from typing import Any

import attrs

from autorecon.lang.operations.catalogue import OPERATIONS, LabelInput, OpSpec
from autorecon.lang.operations.invocation import Invocation
from autorecon.lang.operations.shapes import Shape, elements
from autorecon.lang.operations.traits import NO_TRAITS, Traits
from autorecon.lang.program.merging import Merged
from autorecon.lang.program.sizes import Decided, Sizes
from autorecon.lang.source import Span

Ends = tuple[Shape | None, Shape | None]  # of an edge's source and target, where decided


@attrs.frozen
class Op(Invocation):
    """One operation with all its arguments."""

    @property
    def spec(self) -> OpSpec:
        return OPERATIONS[self.name]

    @property
    def traits(self) -> Traits:
        return self.spec.traits

    def cost(self, source: Shape, out: Shape, target: Shape) -> tuple[int, int]:
        """Trainable parameters, and multiply-accumulates a sample."""
        if self.spec.plan is None:
            return self.spec.cost(self.args, source, out)
        plan = self.spec.plan(self.args, source, target)
        return plan.parameters, plan.macs

    @property
    def label(self) -> str | None:
        """The label input that it reads beside its source."""
        return next((v.name for v in self.values if isinstance(v, LabelInput)), None)


@attrs.frozen
class Placeholder(Op):
    """A choice where operations are to be, as `name` calls it, until an option is put there."""

    choice: str
    span: Span = attrs.field(eq=False, repr=False)

    @property
    def traits(self) -> Traits:
        return NO_TRAITS

    @property
    def text(self) -> str:
        return self.name


@attrs.frozen
class SizePlaceholder(Placeholder):
    """A choice of sizes where a number among arguments is to be."""


@attrs.frozen
class Varying(Op):
    """An operation with arguments that are Decided, until numbers are put there."""

    span: Span = attrs.field(eq=False, repr=False)

    @property
    def choices(self) -> tuple[SizePlaceholder, ...]:
        given: tuple[object, ...] = self.values
        decided = (value for value in given if isinstance(value, Decided))
        return tuple(SizePlaceholder(d.called, (), d.choice, self.span) for d in decided)

    def chosen(self, option: Callable[[str], int]) -> Op:
        """With the numbers of these options, by choice."""
        given: tuple[Any, ...] = self.values
        values = (v.values[option(v.choice)] if isinstance(v, Decided) else v for v in given)
        return Op(self.name, tuple(values))


@attrs.frozen
class Size(Op):
    """A number where operations are to be: an option of a choice of sizes."""

    count: int

    @property
    def traits(self) -> Traits:
        return NO_TRAITS

    @property
    def text(self) -> str:
        return self.name


@attrs.frozen
class Step:
    """One operation between the shapes around it, without the batch axis, on the way to `target`.

    `parameters` are its trainable ones, `macs` its multiply-accumulates a sample. `masked`: what
    comes in is masked to these sizes.
    """

    op: Op
    before: Shape
    after: Shape
    target: Shape
    parameters: int
    macs: int
    masked: Sizes | None = None


@attrs.frozen
class Pipeline:
    """Operations one after the other: an edge's candidate, or what a node applies.

    In a checked program it is typed: `steps` say what the checker proved of each operation in its
    place, for everybody to read. `none` has no steps and costs nothing. Equal pipelines have the
    same operations, whatever the shapes around them, but for sizes that are decided: `ends` are
    the shapes that the pipeline is between, where they are. `value` is how many numbers the node's
    value has, and `merged` a merge with a module, where it is here that they are counted.
    """

    ops: tuple[Op, ...]
    steps: tuple[Step, ...] = attrs.field(default=(), eq=False, repr=False)
    ends: Ends = attrs.field(default=(None, None), repr=False)
    value: int = attrs.field(default=0, eq=False, repr=False)
    merged: Merged | None = attrs.field(default=None, eq=False, repr=False)

    @cached_property
    def text(self) -> str:
        return " >> ".join(op.text for op in self.ops)

    @cached_property
    def key(self) -> str:
        return "-".join(op.key for op in self.ops)

    @cached_property
    def names(self) -> frozenset[str]:
        """Those of its operations."""
        return frozenset(op.name for op in self.ops)

    @cached_property
    def labels(self) -> frozenset[str]:
        """The label inputs that its operations read."""
        return frozenset(op.label for op in self.ops if op.label)

    @cached_property
    def is_none(self) -> bool:
        return self.ops[0].traits.none

    @cached_property
    def is_identity(self) -> bool:
        """Whether it is nothing but `identity`."""
        return len(self.ops) == 1 and self.ops[0].traits.identity

    @cached_property
    def choices(self) -> tuple[Placeholder, ...]:
        """The choices that are still to be put in place; none in a checked program."""
        several = (op.choices for op in self.ops if isinstance(op, Varying))
        named = (op for op in self.ops if isinstance(op, Placeholder))
        return (*named, *chain.from_iterable(several))

    @cached_property
    def parameters(self) -> int:
        """Trainable ones."""
        merged = self.merged.parameters if self.merged else 0
        return merged + sum(step.parameters for step in self.steps)

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates a sample."""
        merged = self.merged.macs if self.merged else 0
        return merged + sum(step.macs for step in self.steps)

    @cached_property
    def activations(self) -> int:
        """Numbers that it computes a sample, of which `identity` computes none."""
        made = (elements(step.after) for step in self.steps if not step.op.traits.identity)
        return self.value + sum(made)

    def shapes(self, source: Shape, target: Shape) -> list[Shape]:
        """The shape before each operation and, last, after all; raises ShapeFault."""
        shapes = [source]
        for op in self.ops:
            shapes.append(op.spec.shape(op.args, shapes[-1], target))
        return shapes

    def between(self, source: Shape, target: Shape) -> Pipeline:
        """The same, typed for an edge from `source` to `target`; raises ShapeFault."""
        if self.is_none:
            return Pipeline(self.ops)
        shapes = self.shapes(source, target)
        around = zip(self.ops, shapes, shapes[1:], strict=False)
        steps = (Step(op, a, b, target, *op.cost(a, b, target)) for op, a, b in around)
        return attrs.evolve(self, steps=tuple(steps))


NONE = Pipeline((Op("none", ()),))
IDENTITY = Pipeline((Op("identity", ()),))
