"""What a run over a file has found so far: nodes, instances and edges are added to it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import attrs

from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.elaborate.declarations import Declarations
from autorecon.lang.elaborate.expressions import (
    Decided,
    Scope,
    Unknown,
    Values,
    sized,
    whole,
    whole_number,
)
from autorecon.lang.elaborate.pipelines import indexed_name, resolve
from autorecon.lang.operations.catalogue import MAX_SIZE, LabelInput
from autorecon.lang.program.candidates import Pipeline
from autorecon.lang.program.edges import Decision, Edge
from autorecon.lang.program.nodes import Node
from autorecon.lang.source import Span
from autorecon.lang.syntax import tree as s

if TYPE_CHECKING:
    from autorecon.lang.program.rules import Limit, Rule

MAX_EDGES = 20_000
MAX_NODES = 30_000
# Characters of bodies that loops and instances carry out, which bounds the time that they take.
MAX_WORK = 4_000_000
# Operations of all pipelines, definitions put in place: of each as it is written, and of each
# between shapes of its own.
MAX_OPERATIONS = 100_000
_OVERHEAD = 24  # what a statement costs beside its length

_INDEX = re.compile(r"\[[^]]*\]")


class TooLarge(Exception):
    """The program is larger than any generator; the rest of it is not looked at."""

    def __init__(self, what: str, span: Span | None) -> None:
        super().__init__(what)
        self.span = span


def report_too_large(error: TooLarge, faults: Diagnostics) -> None:
    faults.report("E0305", f"more than {error}", error.span, "make it smaller")


@attrs.define
class Instance:
    """What later instances need of an earlier one: its ports, in the order of the text."""

    ins: list[str] = attrs.field(factory=list)
    outs: list[str] = attrs.field(factory=list)
    # Whether its block is declared.
    known: bool = True
    after: tuple[str, ...] = ()
    # Where it is said what its ports are bound to.
    place: Span | None = None


@attrs.define
class Choice:
    """What the text says of a choice: its options, before anything is put in place in them."""

    name: str
    options: tuple[Pipeline, ...]
    block: str | None
    span: Span
    apart: bool = False  # of sizes: whether each has weights of its own


@attrs.define
class Elaboration:
    """The state of one run over a file."""

    faults: Diagnostics
    globals: Values
    declared: Declarations = attrs.field(factory=Declarations)
    # Label inputs, wherever they are declared: operations above may name them.
    labels: dict[str, LabelInput | Unknown] = attrs.field(factory=dict)
    instances: dict[str, Instance] = attrs.field(factory=dict)
    nodes: dict[str, Node] = attrs.field(factory=dict)
    aliases: dict[str, str] = attrs.field(factory=dict)
    edges: list[Edge] = attrs.field(factory=list)
    # Ports that are declared by `in`.
    entered: set[str] = attrs.field(factory=set)
    # Whether faults left some out.
    lacks_edges: bool = False
    # Nodes whose `then` depends on a choice, and those before them that edges lead to.
    entries: dict[str, str] = attrs.field(factory=dict)
    choices: dict[str, Choice] = attrs.field(factory=dict)
    # Whether a pipeline names a choice, or what may be one.
    names_choices: bool = False
    shares: list[tuple[s.Share, Values, str | None]] = attrs.field(factory=list)
    # What is shared: "choice" or "weights", and the names of those that share it.
    shared: tuple[tuple[str, tuple[str, ...]], ...] = ()
    # Edges that name choices, before these are put in place.
    options: dict[str, tuple[Pipeline, ...]] = attrs.field(factory=dict)
    decisions: dict[str, Decision] = attrs.field(factory=dict)
    # Choices of sizes as the values that they are.
    decided: dict[str, Decided] = attrs.field(factory=dict)
    # Choices that sizes of nodes depend on.
    sized: set[str] = attrs.field(factory=set)
    # What edges without candidates of their own choose from, by type.
    type_candidates: dict[str, tuple[Pipeline, ...] | None] = attrs.field(factory=dict)
    # Types whose candidates are being found, each used by the one before.
    types_within: list[str] = attrs.field(factory=list)
    # Names whose declaration failed: using them is no second fault.
    broken: set[str] = attrs.field(factory=set)
    # Blocks whose body was checked with an instance.
    checked: set[str] = attrs.field(factory=set)
    # Limits and rules, to be looked at when all edges are known; each with its instance.
    restrictions: list[tuple[s.Limit | s.Rule, Values, str | None]] = attrs.field(factory=list)
    limits: tuple[Limit, ...] = ()
    rules: tuple[Rule, ...] = ()
    work: int = 0
    operations: int = 0

    def charge(self, statements: Iterable[s.Statement], times: int, span: Span) -> None:
        """Account for a body before it is carried out; raises TooLarge."""
        body = sum(st.span.end - st.span.start + _OVERHEAD for st in statements)
        self.spend(times * (body + _OVERHEAD + len(self.globals)), span)

    def spend(self, work: int, span: Span | None) -> None:
        self.work += work
        if self.work > MAX_WORK:
            raise TooLarge(f"{MAX_WORK:,} characters of bodies to carry out", span)

    def count(self, operations: int, span: Span | None) -> None:
        """Account for operations of a pipeline; raises TooLarge."""
        self.operations += operations
        if self.operations > MAX_OPERATIONS:
            raise TooLarge(f"{MAX_OPERATIONS:,} operations, definitions put in place", span)

    def pipeline(
        self, expr: s.PipelineExpr, scope: Values, others: Collection[str] = ()
    ) -> Pipeline | None:
        """The operations; `others` are names that are known here beside operations."""
        names = self.declared.ops, self.globals, self.labels
        choices = scope.choices, self.globals.choices
        found = resolve(expr, scope, *names, self.faults, choices, others)
        if found:
            self.count(len(found.ops), expr.span)
            self.names_choices |= bool(found.choices)
        return found

    def size(self, expr: s.Expr, scope: Scope, what: str) -> int | None:
        return whole(expr, scope, self.faults, what, 1, MAX_SIZE)

    def decided_size(self, expr: s.Expr, scope: Scope, what: str) -> int | Decided | None:
        """The same where a choice may decide it."""
        value = sized(expr, scope, self.faults)
        if not isinstance(value, Decided):
            return whole_number(value, expr, self.faults, what, 1, MAX_SIZE)
        found = [whole_number(each, expr, self.faults, what, 1, MAX_SIZE) for each in value.values]
        self.sized.add(value.choice)
        if None in found:
            return None
        return value if value.options[1:] else found[0]

    def name(self, name: s.Name, scope: Scope) -> str | None:
        """`B[2]` for `B[i + 1]`, or None after reporting why there is none."""
        found = indexed_name(name, scope, self.faults)
        if found is None:
            self.broken.add(name.text)
        return found

    def path(self, path: s.Path, scope: Scope) -> str | None:
        parts = [self.name(part, scope) for part in path.parts]
        return None if None in parts else ".".join(part for part in parts if part is not None)

    def visible(self, block: str | None) -> dict[str, str]:
        """The choices that pipelines of a place see, once all are known."""
        found = {}
        for choice in self.choices.values():
            if choice.block is None or choice.block == block:
                prefix = f"{choice.block}." if choice.block else ""
                found[_INDEX.sub("", choice.name.removeprefix(prefix))] = prefix
        return found

    def is_broken(self, full: str) -> bool:
        """Whether a node, its instance, or all of their index is known to be faulty."""
        if not self.broken:
            return False
        names = full, full.partition(".")[0], self.aliases.get(full, full)
        return any(n in self.broken or _INDEX.sub("", n) in self.broken for n in names)
