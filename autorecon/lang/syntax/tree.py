"""The syntax tree: what was written, with the places where it was written."""

from __future__ import annotations

from typing import TypeAlias

from autorecon.lang.record import Record
from autorecon.lang.source import Source, Span

Expr: TypeAlias = (
    "Number | Boolean | Text | Reference | Negative | Opposite | Chain | Conditional | Listing"
    " | Entry | Applied"
)


class Name(Record):
    """`B` or, with an index, `B[i + 1]`."""

    text: str
    span: Span
    index: tuple[Expr, ...] = ()
    # Of a choice: the names before the last one.
    within: tuple[Name, ...] = ()

    @property
    def shown(self) -> str:
        """As it is written."""
        return self.span.text if self.index or self.within else self.text


class Number(Record):
    value: int | float
    span: Span


class Boolean(Record):
    value: bool
    span: Span


class Text(Record):
    value: str
    span: Span


class Reference(Record):
    name: str
    span: Span


class Negative(Record):
    operand: Expr
    span: Span


class Opposite(Record):
    """`not` of a condition."""

    operand: Expr
    span: Span


class Chain(Record):
    """Operators of one precedence from left to right: flat, so that depth is bounded."""

    first: Expr
    rest: tuple[tuple[str, Expr], ...]
    span: Span


class Conditional(Record):
    """`a if c else b`: values with their conditions, flat too; the first that holds counts."""

    branches: tuple[tuple[Expr, Expr], ...]
    otherwise: Expr
    span: Span


class Listing(Record):
    """`[64, 32]`"""

    entries: tuple[Expr, ...]
    span: Span


class Entry(Record):
    """`widths[i]`"""

    name: Name
    place: Expr
    span: Span


class Applied(Record):
    """A function of values: `max(a, b)`."""

    name: Name
    arguments: tuple[Expr, ...]
    span: Span


class Argument(Record):
    name: str | None
    value: Expr
    span: Span


class Call(Record):
    """`conv(3)`, or the choice of an instance, `B1.norm`: its parts are one name."""

    name: Name
    arguments: tuple[Argument, ...]
    span: Span


class PipelineExpr(Record):
    """Operations applied one after the other: `conv(3) >> tanh`."""

    calls: tuple[Call, ...]
    span: Span


class Alternatives(Record):
    """Candidates of an edge: `nearest | bilinear`, or `{nearest, bilinear}` within a set."""

    options: tuple[PipelineExpr | Narrowed | Alternatives, ...]
    span: Span


class Narrowed(Record):
    """Candidates without (`-`) or in common with (`&`) others, from left to right."""

    first: PipelineExpr | Alternatives
    rest: tuple[tuple[str, PipelineExpr | Alternatives], ...]
    span: Span


class Path(Record):
    """A node as it is written: `n2`, `B1.n2` or `B[i].n2`."""

    parts: tuple[Name, ...]
    span: Span

    @property
    def text(self) -> str:
        return ".".join(part.shown for part in self.parts)


class Parameter(Record):
    """Of a space, with a default and perhaps a range; of a block or definition, without either."""

    name: Name
    default: Expr | None
    bounds: tuple[Expr, Expr] | None
    span: Span


class SpaceHeader(Record):
    name: Name
    parameters: tuple[Parameter, ...]
    span: Span


class GenotypeHeader(Record):
    name: Name
    of: str
    of_span: Span
    arguments: tuple[Argument, ...]
    span: Span


class Let(Record):
    name: Name
    value: Expr
    span: Span


class Assumed(Let):
    """A parameter of a file that is used: its default, unless the name has a value already."""


class EdgeType(Record):
    name: Name
    contract: Name | None
    candidates: Alternatives
    span: Span


class OpDef(Record):
    name: Name
    parameters: tuple[Parameter, ...]
    pipeline: PipelineExpr
    span: Span


class NodeDecl(Record):
    """`in`, `out`, `node` or `output`, one or several names of one shape."""

    kind: str
    names: tuple[Name, ...]
    shape: tuple[Expr, ...]
    shape_span: Span
    merge: Call | None
    then: PipelineExpr | None
    span: Span


class InputDecl(Record):
    """One or several inputs of one kind."""

    names: tuple[Name, ...]
    kind: Name
    sizes: tuple[Expr, ...]
    span: Span


class EdgeStatement(Record):
    type: Name
    sources: tuple[Path, ...]
    targets: tuple[Path, ...]
    candidates: Alternatives | None
    optional: bool
    span: Span


class For(Record):
    """A body that is carried out for every whole number from `first` to `last`, both included."""

    name: Name
    first: Expr
    last: Expr
    items: tuple[Statement, ...]
    span: Span


class If(Record):
    """Conditions with their bodies; the first that holds counts, else `otherwise`."""

    branches: tuple[tuple[Expr, tuple[Statement, ...]], ...]
    otherwise: tuple[Statement, ...]
    span: Span


class Limit(Record):
    """`limit params <= 1.1M`"""

    measure: Name
    sign: str
    bound: Expr
    span: Span


class Counted(Record):
    """`at most one none into n4`; `place` is its preposition and what follows that."""

    bound: str  # "most", "least" or "exactly"
    count: Expr
    options: tuple[PipelineExpr, ...]
    place: tuple[str, Path] | None
    span: Span


class Told(Record):
    """`a -> b = conv(3) | conv(5)` or, without a target, of a choice: `norm != bn`, `width = 8`."""

    source: Path
    target: Path | None
    differs: bool
    options: tuple[PipelineExpr | Expr, ...]
    span: Span


class Rule(Record):
    """`rule if CLAIM and CLAIM then CLAIM`, or a claim without conditions."""

    conditions: tuple[Counted | Told, ...]
    claim: Counted | Told
    span: Span


class Use(Record):
    file: str
    file_span: Span
    span: Span


class BlockDef(Record):
    name: Name
    parameters: tuple[Parameter, ...]
    items: tuple[Statement, ...]
    span: Span


class Instance(Record):
    name: Name
    block: Name
    arguments: tuple[Argument, ...]
    after: tuple[Name, ...]
    span: Span


class SizeOptions(Record):
    """The options of a choice of sizes; a pipeline among them is none."""

    options: tuple[Expr | PipelineExpr | Narrowed, ...]
    span: Span


class Choice(Record):
    """A choice that several pipelines may name, or of sizes; `weights` says how these have them."""

    name: Name
    weights: Name | None
    options: Alternatives | SizeOptions
    span: Span


class Share(Record):
    """`kind` is "choice" or "weights"; an item is sources and targets of edges, or just names."""

    kind: Name
    items: tuple[tuple[tuple[Path, ...], ...], ...]
    span: Span


class Pick(Record):
    """A genotype's line: of an edge or, without a target, of a choice."""

    source: Path
    target: Path | None
    pipeline: PipelineExpr | Number
    span: Span


Statement: TypeAlias = (
    "Let | EdgeType | OpDef | BlockDef | Use | NodeDecl | InputDecl | Instance | EdgeStatement"
    " | For | If | Choice | Share | Pick | Limit | Rule"
)


class File(Record):
    """One file: its header, its statements in order, and its comments as spans."""

    header: SpaceHeader | GenotypeHeader | None  # None where only declarations are needed
    statements: tuple[Statement, ...]
    comments: tuple[Span, ...]
    source: Source
