"""The checked program: flat nodes, edges and decisions whose shapes and contracts hold."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from autorecon.lang.diagnostics.faults import Diagnostic
from autorecon.lang.operations.catalogue import OPERATIONS, LabelInput, OpSpec, Param, Value
from autorecon.lang.operations.keys import key
from autorecon.lang.operations.shapes import Shape, elements
from autorecon.lang.operations.spec import show_value
from autorecon.lang.operations.traits import NO_TRAITS, Traits
from autorecon.lang.source import Source, Span
from autorecon.lang.syntax.record import Record

if TYPE_CHECKING:
    from autorecon.lang.elaborate.rules import Limit, Rule


@attrs.frozen
class Op:
    """One operation with all its arguments, defaults filled in, in the signature's order."""

    name: str
    values: tuple[Value, ...]

    @property
    def spec(self) -> OpSpec:
        return OPERATIONS[self.name]

    @property
    def traits(self) -> Traits:
        return self.spec.traits

    @property
    def args(self) -> dict[str, Value]:
        names = (p.name for p in self.spec.params)
        return dict(zip(names, self.values, strict=True))

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

    @property
    def text(self) -> str:
        """As one writes it: required arguments by place, others by name where not the default."""
        written = [
            show_value(value) if param.required else f"{param.name}={show_value(value)}"
            for param, value in self._shown
        ]
        return f"{self.name}({', '.join(written)})" if written else self.name

    @property
    def key(self) -> str:
        """A name for module paths that tells it from any other operation: `conv3_d2`."""
        return key(self.spec, self._shown, self.text)

    @property
    def _shown(self) -> list[tuple[Param, Value]]:
        pairs = zip(self.spec.params, self.values, strict=True)
        return [(p, value) for p, value in pairs if p.required or value != p.default]


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
class Step:
    """One operation between the shapes around it, without the batch axis, on the way to `target`.

    `parameters` are its trainable ones, `macs` its multiply-accumulates a sample.
    """

    op: Op
    before: Shape
    after: Shape
    target: Shape
    parameters: int
    macs: int


@attrs.frozen
class Pipeline:
    """Operations one after the other: an edge's candidate, or what a node applies.

    In a checked program it is typed: `steps` say what the checker proved of each operation in its
    place, for everybody to read. `none` has no steps and costs nothing. Equal pipelines have the
    same operations, whatever the shapes around them.
    """

    ops: tuple[Op, ...]
    steps: tuple[Step, ...] = attrs.field(default=(), eq=False, repr=False)

    @cached_property
    def text(self) -> str:
        return " >> ".join(op.text for op in self.ops)

    @cached_property
    def key(self) -> str:
        return "-".join(op.key for op in self.ops)

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
        return tuple(op for op in self.ops if isinstance(op, Placeholder))

    @cached_property
    def parameters(self) -> int:
        """Trainable ones."""
        return sum(step.parameters for step in self.steps)

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates a sample."""
        return sum(step.macs for step in self.steps)

    @cached_property
    def activations(self) -> int:
        """Numbers that it computes a sample, of which `identity` computes none."""
        return sum(elements(step.after) for step in self.steps if not step.op.traits.identity)

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
        return Pipeline(self.ops, tuple(steps))


NONE = Pipeline((Op("none", ()),))
IDENTITY = Pipeline((Op("identity", ()),))


@attrs.frozen
class Node:
    """A feature map, an input or the image. `aliases` are bound ports: B2.n1 of B1.n5."""

    name: str
    shape: Shape
    role: str  # "noise", "label", "inner" or "output"
    block: str | None = None
    merge: str = "sum"
    then: Pipeline | None = None
    aliases: tuple[str, ...] = ()
    span: Span | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def is_input(self) -> bool:
        return self.role in ("noise", "label")


@attrs.frozen
class Decision:
    """What a genotype says in one line: an option of an edge, or of several edges that are tied.

    `text` is how a genotype names it: `B1.n2 -> B1.n4` where `name` is `B1.n2->n4`.
    """

    name: str
    text: str
    options: tuple[str, ...]
    block: str | None = None
    span: Span | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def is_edge(self) -> bool:
        """Whether it is an edge's own, not that of a choice with a name."""
        return "->" in self.name


@cache
def _counted(count: int) -> tuple[int, ...]:
    return tuple(range(count))


@attrs.frozen
class Edge:
    """A connection and its candidate operations, in the order of the text.

    `written` names its ends as the text does (`B2.n1 -> B2.n2`), `source` and `target` are nodes.
    `axes` are the decisions that it depends on: one of its own, unless something is tied. `table`
    has the candidate's index for each of their combinations in mixed radix, the last axis the
    fastest.
    """

    source: str
    target: str
    written: tuple[str, str]
    type: str
    contract: str | None
    candidates: tuple[Pipeline, ...]
    block: str | None = None
    in_full: bool = False  # whether its short name would be that of another
    axes: tuple[str, ...] = attrs.Factory(lambda edge: edge._own_axes(), takes_self=True)
    table: tuple[int, ...] = attrs.Factory(lambda edge: _counted(len(edge.candidates)), True)
    weights_of: str | None = None  # the edge whose modules it shares
    span: Span | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def text(self) -> str:
        return f"{self.written[0]} -> {self.written[1]}"

    @cached_property
    def name(self) -> str:
        """Short and unique: `B1.n2->n4` within a block, else `B1.n2->B2.n4`."""
        source, target = self.written
        if self.block is not None and not self.in_full:
            target = target.removeprefix(f"{self.block}.")
        return f"{source}->{target}"

    @property
    def decision(self) -> str | None:
        """The decision whose options are the candidates, one by one, if any one decides alone."""
        alone = len(self.axes) == 1 and self.table == _counted(len(self.candidates))
        return self.axes[0] if alone else None

    @property
    def is_cut(self) -> bool:
        return all(c.is_none for c in self.candidates)

    def _own_axes(self) -> tuple[str, ...]:
        return (self.name,) if len(self.candidates) > 1 else ()

    def named_in_full(self) -> Edge:
        """The same edge, which nothing is tied to yet, with its name in full."""
        edge = attrs.evolve(self, in_full=True)
        return attrs.evolve(edge, axes=edge._own_axes())

    def decided(self, candidate: Pipeline) -> Edge:
        """The same edge with nothing to choose."""
        return attrs.evolve(self, candidates=(candidate,), axes=(), table=(0,))


class Written(Record):
    """What a text says and the flat program does not: what it takes to write it again."""

    instances: Mapping[str, str | None]  # each with the one that it comes `after`
    choices: Mapping[str, tuple[Pipeline, ...]]  # the options of each, which may name choices
    options: Mapping[str, tuple[Pipeline, ...]]  # candidates of edges that name choices
    shares: tuple[tuple[str, tuple[str, ...]], ...]  # of "choice" or "weights", by whom


@attrs.frozen
class Program:
    """A checked space: what is there, and the decisions that it leaves open, in the text's order.

    In a genotype every edge has one candidate and nothing is open; `chosen` has the option of each
    of its space's decisions, `picks` its place among them, and `of` names that space.
    """

    name: str
    parameters: Mapping[str, int | float | bool]
    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    decisions: Mapping[str, Decision]  # each with two options at least
    limits: tuple[Limit, ...] = attrs.field(kw_only=True, default=())
    rules: tuple[Rule, ...] = attrs.field(kw_only=True, default=())
    # Roles of inputs; one of each must reach the output. More than the noise no text asks for.
    required: tuple[str, ...] = attrs.field(kw_only=True, default=("noise",))
    source: Source = attrs.field(eq=False, repr=False)
    written: Written = attrs.field(eq=False, repr=False)
    picks: Mapping[str, int] = attrs.field(factory=dict, eq=False, repr=False)
    chosen: Mapping[str, str] = attrs.field(factory=dict)
    of: str | None = attrs.field(default=None, eq=False)
    base_path: Path | None = attrs.field(default=None, eq=False)
    # What edges of each declared type choose from where they do not say it themselves.
    edge_types: Mapping[str, tuple[Pipeline, ...]] = attrs.field(factory=dict, eq=False, repr=False)
    # Files that it uses, each as it is called from the space's folder.
    used: tuple[tuple[str, Source], ...] = attrs.field(default=(), eq=False, repr=False)
    warnings: tuple[Diagnostic, ...] = attrs.field(default=(), eq=False)
    # Where a genotype chooses for an edge, by its name; and where the program begins.
    lines: Mapping[str, Span] = attrs.field(factory=dict, eq=False, repr=False)
    header: Span | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def output(self) -> Node:
        return next(n for n in self.nodes.values() if n.role == "output")

    @property
    def inputs(self) -> tuple[Node, ...]:
        return tuple(n for n in self.nodes.values() if n.is_input)

    @property
    def is_restricted(self) -> bool:
        """Whether an architecture may be left out though noise reaches its output."""
        return bool(self.rules or self.limits or self.required != ("noise",))

    def candidate(self, edge: Edge, picks: Mapping[str, int]) -> int:
        """The index of an edge's candidate when each decision takes the option of this index."""
        place = 0
        for axis in edge.axes:
            place = place * len(self.decisions[axis].options) + picks[axis]
        return edge.table[place]
