"""The syntax tree: what was written, with the places where it was written."""

from __future__ import annotations

from typing import TypeAlias

import attrs

from autorecon.lang.source import Source, Span

Expr: TypeAlias = "Number | Boolean | Reference | Negative | Opposite | Chain"


@attrs.frozen
class Name:
    """`B` or, with an index, `B[i + 1]`."""

    text: str
    span: Span = attrs.field(eq=False)
    index: tuple[Expr, ...] = ()

    @property
    def shown(self) -> str:
        """As it is written."""
        return self.span.text if self.index else self.text


@attrs.frozen
class Number:
    value: int | float
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Boolean:
    value: bool
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Reference:
    name: str
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Negative:
    operand: Expr
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Opposite:
    """`not` of a condition."""

    operand: Expr
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Chain:
    """Operators of one precedence from left to right: flat, so that depth is bounded."""

    first: Expr
    rest: tuple[tuple[str, Expr], ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Argument:
    name: str | None
    value: Expr
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Call:
    name: Name
    arguments: tuple[Argument, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class PipelineExpr:
    """Operations applied one after the other: `conv(3) >> tanh`."""

    calls: tuple[Call, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Alternatives:
    """Candidates of an edge: `nearest | bilinear`, or `{nearest, bilinear}` within a set."""

    options: tuple[PipelineExpr | Narrowed | Alternatives, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Narrowed:
    """Candidates without (`-`) or in common with (`&`) others, from left to right."""

    first: PipelineExpr | Alternatives
    rest: tuple[tuple[str, PipelineExpr | Alternatives], ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Path:
    """A node as it is written: `n2`, `B1.n2` or `B[i].n2`."""

    parts: tuple[Name, ...]
    span: Span = attrs.field(eq=False)

    @property
    def text(self) -> str:
        return ".".join(part.shown for part in self.parts)


@attrs.frozen
class Parameter:
    """Of a space, with a default and perhaps a range; of a block or definition, without either."""

    name: Name
    default: Expr | None
    bounds: tuple[Expr, Expr] | None
    span: Span = attrs.field(eq=False)


@attrs.frozen
class SpaceHeader:
    name: Name
    parameters: tuple[Parameter, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class GenotypeHeader:
    name: Name
    of: str
    of_span: Span = attrs.field(eq=False)
    arguments: tuple[Argument, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Let:
    name: Name
    value: Expr
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Assumed(Let):
    """A parameter of a file that is used: its default, unless the name has a value already."""


@attrs.frozen
class EdgeType:
    name: Name
    contract: Name | None
    candidates: Alternatives
    span: Span = attrs.field(eq=False)


@attrs.frozen
class OpDef:
    name: Name
    parameters: tuple[Parameter, ...]
    pipeline: PipelineExpr
    span: Span = attrs.field(eq=False)


@attrs.frozen
class NodeDecl:
    """`in`, `out`, `node` or `output`, one or several names of one shape."""

    kind: str
    names: tuple[Name, ...]
    shape: tuple[Expr, ...]
    shape_span: Span = attrs.field(eq=False)
    merge: Name | None
    then: PipelineExpr | None
    span: Span = attrs.field(eq=False)


@attrs.frozen
class InputDecl:
    name: Name
    kind: Name
    sizes: tuple[Expr, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class EdgeStatement:
    type: Name
    sources: tuple[Path, ...]
    targets: tuple[Path, ...]
    candidates: Alternatives | None
    optional: bool
    span: Span = attrs.field(eq=False)


@attrs.frozen
class For:
    """A body that is carried out for every whole number from `first` to `last`, both included."""

    name: Name
    first: Expr
    last: Expr
    items: tuple[Statement, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class If:
    """Conditions with their bodies; the first that holds counts, else `otherwise`."""

    branches: tuple[tuple[Expr, tuple[Statement, ...]], ...]
    otherwise: tuple[Statement, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Use:
    file: str
    file_span: Span = attrs.field(eq=False)
    span: Span = attrs.field(eq=False)


@attrs.frozen
class BlockDef:
    name: Name
    parameters: tuple[Parameter, ...]
    items: tuple[NodeDecl | EdgeStatement | Let | For | If, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Instance:
    name: Name
    block: Name
    arguments: tuple[Argument, ...]
    after: Name | None
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Choice:
    source: Path
    target: Path
    pipeline: PipelineExpr
    span: Span = attrs.field(eq=False)


Statement: TypeAlias = (
    "Let | EdgeType | OpDef | BlockDef | Use | NodeDecl | InputDecl | Instance | EdgeStatement"
    " | For | If | Choice"
)


@attrs.frozen
class File:
    """One file: its header, its statements in order, and its comments as spans."""

    header: SpaceHeader | GenotypeHeader | None  # None where only declarations are needed
    statements: tuple[Statement, ...]
    comments: tuple[Span, ...] = attrs.field(eq=False)
    source: Source = attrs.field(eq=False, repr=False)
